"""The coverage ledger's arithmetic: what is read is what is wanted less what is proven."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from seatkeeper.model import TICKS
from seatkeeper.spans import ReadSpan, Span, intersect, join, last_unbroken, proven, subtract, whole_seconds

moments = st.integers(min_value=0, max_value=60)
spans = st.lists(st.tuples(moments, moments).map(lambda pair: Span(min(pair), max(pair))), max_size=8)


def points(some: list[Span]) -> set[float]:
    """Every half step that lies inside one of the spans, so that touching and overlapping differ."""
    return {step / 2 for span in some for step in range(span.start * 2, span.end * 2 + 1)}


@given(spans)
def test_joining_keeps_every_point_and_leaves_no_overlap(some: list[Span]) -> None:
    joined = join(some)
    assert points(joined) == points(some)
    assert all(one.end < two.start for one, two in pairwise(joined))


@given(st.lists(spans, max_size=4))
def test_what_lies_in_all_of_several_lists_lies_in_each(lists: list[list[Span]]) -> None:
    found = intersect(lists)
    inner = {step + 0.5 for step in range(60)}
    expected = [p for p in inner if lists and all(any(s.start < p < s.end for s in some) for some in lists)]
    assert sorted(p for p in inner if any(s.start < p < s.end for s in found)) == sorted(expected)
    assert all(one.end < two.start for one, two in pairwise(found))


@given(spans, moments, moments)
def test_what_is_left_and_what_is_covered_are_the_whole(covered: list[Span], one: int, two: int) -> None:
    wanted = Span(min(one, two), max(one, two) + 1)
    gaps = subtract(wanted, covered)
    inside = {point for point in points(covered) if wanted.start <= point <= wanted.end}
    assert points(gaps) | inside == points([wanted])
    shared = points(gaps) & {p for s in join(covered) for p in points([s])}
    assert all(point in {e for s in covered for e in s} for point in shared)  # only bounds are shared


def test_a_stretch_is_proven_only_up_to_the_reading_less_the_lateness() -> None:
    readings = [ReadSpan(0, 100, 100), ReadSpan(100, 150, 150)]
    assert proven(readings, lateness=24) == [Span(0, 76), Span(100, 126)]
    assert subtract(Span(0, 200), proven(readings, lateness=24)) == [Span(76, 100), Span(126, 200)]


def test_a_later_reading_of_the_provisional_end_closes_it() -> None:
    readings = [ReadSpan(0, 100, 100), ReadSpan(76, 150, 150)]
    assert last_unbroken(proven(readings, lateness=24)) == Span(0, 126)


def test_only_the_newest_unbroken_stretch_speaks() -> None:
    assert last_unbroken([Span(0, 10), Span(20, 30)]) == Span(20, 30)
    assert last_unbroken([]) is None


def test_windows_are_asked_for_in_whole_seconds_that_hold_the_span() -> None:
    assert whole_seconds(Span(TICKS + 1, 2 * TICKS + 1)) == Span(TICKS, 3 * TICKS)
