"""The ledger by application: nothing is claimed that was not asked for, and nothing is asked for twice."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from seatkeeper.app_uses import EVERY, AppSignIns
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.model import CoverageState
from seatkeeper.spans import ReadSpan, Span
from seatkeeper.sync import coverage
from seatkeeper.sync.coverage import Ledger, Question, asks_for

UNIT: Final = LOG.lateness // 4  # so that proof ends four steps before the reading
LONGEST: Final = 40
APPS: Final = [AppSignIns(name) for name in "abcd"]
A, B, C, D = APPS
SILENT = AppSignIns("a", kind="non-interactive")
EVERYTHING = AppSignIns(EVERY)

moments = st.integers(0, LONGEST)
some_apps = st.frozensets(st.sampled_from([*APPS, SILENT, EVERYTHING]), max_size=4)
products = st.frozensets(st.sampled_from([*APPS, SILENT]), max_size=4)
readings = st.lists(st.tuples(moments, moments, moments, some_apps), max_size=10)
Reading = tuple[int, int, int, frozenset[AppSignIns]]


def to_ledger(told: list[Reading]) -> Ledger:
    sets = sorted({asked for *_, asked in told}, key=sorted)
    spans = [
        ReadSpan(min(one, two) * UNIT, max(one, two) * UNIT, at * UNIT, sets.index(asked))
        for one, two, at, asked in told
    ]
    return Ledger(spans, 0, dict(enumerate(sets)))


def is_inside(moment: float, spans: list[Span]) -> bool:
    return any(span.start < moment * UNIT < span.end for span in spans)


def is_sure(moment: float, one: AppSignIns, told: list[Reading]) -> bool:
    """Whether a reading asked for the application at a moment, late enough to have seen every sign-in of it."""
    return any(
        min(start, end) < moment < max(start, end)
        and moment < at - 4
        and (one in asked or AppSignIns(EVERY, one.kind) in asked)
        for start, end, at, asked in told
    )


@given(readings, products)
@example([(0, 20, 40, frozenset({A}))], frozenset())
@example([(0, 20, 40, frozenset({A})), (10, 30, 40, frozenset({B, C}))], frozenset({A, B}))
def test_what_is_claimed_of_a_product_was_asked_for_of_each_of_its_applications(
    told: list[Reading], product: frozenset[AppSignIns]
) -> None:
    sure = to_ledger(told).proven(product)
    for step in range(LONGEST):
        moment = step + 0.5
        truly = bool(product) and all(is_sure(moment, one, told) for one in product)
        assert is_inside(moment, sure) == truly


def test_a_product_that_no_sign_in_tells_of_is_never_proven_however_much_was_read() -> None:
    ledger = to_ledger([(0, 36, 40, frozenset({EVERYTHING})), (0, 36, 40, frozenset(APPS))])
    assert ledger.proven(frozenset({A})) == [Span(0, 36 * UNIT)]
    nothing = frozenset[AppSignIns]()
    assert (ledger.proven(nothing), ledger.read(nothing), ledger.readings_of(nothing)) == ([], [], [])
    assert ledger.to_ask(Span(0, LONGEST * UNIT), nothing, 0) == []


@given(readings, products, moments)
def test_questions_ask_for_just_what_is_not_proven_and_answered_leave_nothing_to_ask(
    told: list[Reading], wanted: frozenset[AppSignIns], until: int
) -> None:
    within, ledger = Span(5 * UNIT, 35 * UNIT), to_ledger(told)
    questions = ledger.to_ask(within, wanted, until * UNIT)
    for step in range(5, 35):
        moment = step + 0.5
        asked = [question.asked for question in questions if is_inside(moment, [question.span])]
        lacking = {one for one in wanted if moment > until or not is_sure(moment, one, told)}
        assert asked == ([lacking] if lacking else [])
    assert all(one.span.end < two.span.start or one.asked != two.asked for one, two in pairwise(questions))
    answered = [*told, *((q.span.start // UNIT, q.span.end // UNIT, 2 * LONGEST, q.asked) for q in questions)]
    assert to_ledger(answered).to_ask(within, wanted, LONGEST * UNIT) == []


def test_an_ordinary_day_is_one_question() -> None:
    told = [(0, 10, 10, frozenset(APPS)), (6, 14, 14, frozenset(APPS))]
    assert to_ledger(told).to_ask(Span(0, 18 * UNIT), frozenset(APPS), 18 * UNIT) == [
        Question(Span(10 * UNIT, 18 * UNIT), frozenset(APPS))
    ]


def test_of_the_past_only_what_is_new_is_asked_for() -> None:
    told = [(0, 30, 30, frozenset({A, B}))]
    assert to_ledger(told).to_ask(Span(4 * UNIT, 34 * UNIT), frozenset({A, B, C}), 34 * UNIT) == [
        Question(Span(4 * UNIT, 26 * UNIT), frozenset({C})),
        Question(Span(26 * UNIT, 34 * UNIT), frozenset({A, B, C})),
    ]


def test_a_reading_without_a_filter_is_of_every_application_and_of_no_other_kind() -> None:
    assert asks_for({EVERYTHING}, A)
    assert asks_for({EVERYTHING}, AppSignIns("a", side="resource"))
    assert not asks_for({EVERYTHING}, SILENT)


def test_stretches_tile_the_time_and_end_where_a_product_was_not_asked_for() -> None:
    told = [(0, 30, 30, frozenset({A})), (10, 20, 20, frozenset({B}))]
    ledger, now = to_ledger(told), 34 * UNIT

    def states(product: frozenset[AppSignIns], begin: int) -> list[tuple[float, float, CoverageState]]:
        history = Span(begin * UNIT, now)
        found = coverage.to_stretches(ledger.proven(product), ledger.read(product), history, 8 * UNIT)
        return [(part.start / UNIT, part.end / UNIT, part.state) for part in found]

    assert states(frozenset({A}), 0) == [
        (0, 26, CoverageState.COMPLETE), (26, 30, CoverageState.PROVISIONAL), (30, 34, CoverageState.NOT_YET),
    ]  # fmt: skip
    assert states(frozenset({A, B}), 5) == [
        (5, 8, CoverageState.LOST), (8, 10, CoverageState.NOT_YET), (10, 16, CoverageState.COMPLETE),
        (16, 20, CoverageState.PROVISIONAL), (20, 34, CoverageState.NOT_YET),
    ]  # fmt: skip
