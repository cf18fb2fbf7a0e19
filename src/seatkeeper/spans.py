"""Arithmetic of the coverage ledger: for which stretches of time our sign-ins are known to be complete.

A sign-in becomes visible minutes to hours after it happened, so a stretch that was read is *proven* only up to the
moment of reading less the lateness; the rest is provisional and is read again. What is to be read is therefore
simply what is wanted less what is proven: a first run, a daily run, a gap after an interrupted run and a month off
are the same subtraction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seatkeeper.clock import seconds
from seatkeeper.model import TICKS, Instant


def lateness_of(usual: Instant, longest_late: Instant) -> Instant:
    """How late sign-ins may come in a tenant: what its vendor declares, or longer where a later one was met."""
    return max(usual, longest_late * 5 // 4)


class Span(NamedTuple):
    """A stretch of time, both ends included."""

    start: Instant
    end: Instant


class ReadSpan(NamedTuple):
    """A span that was read to its end.

    `read_at` is when its first request was sent, by the vendor's clock; `asked` is the number of the set of
    applications that it asked for.
    """

    start: Instant
    end: Instant
    read_at: Instant
    asked: int = 0


def proven(readings: Iterable[ReadSpan], lateness: Instant) -> list[Span]:
    """The stretches that are complete for good, joined where they touch, oldest first."""
    return join(Span(r.start, min(r.end, r.read_at - lateness)) for r in readings)


def join(spans: Iterable[Span]) -> list[Span]:
    """Overlapping and touching spans as one, oldest first; empty ones vanish."""
    result: list[Span] = []
    for span in sorted(span for span in spans if span.start <= span.end):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def intersect(some: Iterable[Iterable[Span]]) -> list[Span]:
    """What lies in each of several lists of spans, oldest first; nothing when there is no list at all."""
    lists = [join(spans) for spans in some]
    if not lists or not all(lists):
        return []
    whole = Span(min(spans[0].start for spans in lists), max(spans[-1].end for spans in lists))
    return subtract(whole, (gap for spans in lists for gap in subtract(whole, spans)))


def subtract(wanted: Span, covered: Iterable[Span]) -> list[Span]:
    """What of `wanted` is not covered, oldest first. Bounds are shared with the neighbours: ends are included."""
    gaps, start = [], wanted.start
    for span in join(covered):
        if span.end < start or span.start > wanted.end:
            continue
        if span.start > start:
            gaps.append(Span(start, span.start))
        start = max(start, span.end)
    if start < wanted.end:
        gaps.append(Span(start, wanted.end))
    return gaps


def whole_seconds(span: Span) -> Span:
    """The span widened to whole seconds, in which windows are asked for."""
    return Span(span.start // TICKS * TICKS, -(-span.end // TICKS) * TICKS)


def last_unbroken(spans: Iterable[Span], until: Instant | None = None) -> Span | None:
    """The newest stretch without a gap: from when to when we know everything (up to `until`, if given)."""
    joined = [span for span in join(spans) if until is None or span.start <= until]
    return joined[-1] if joined else None


def to_words(span: Instant) -> str:
    """A length of time as people say it: its two largest units."""
    minutes = span // seconds(60)
    if minutes < 1:
        return "less than a minute"
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number:,} {unit}" for number, unit in parts[first : first + 2] if number)
