"""Coverage: for which stretches of time we have every sign-in to an application, and why not for the others.

The ledger keeps each reading that came to its end, with the set of applications that it asked for. An application is
covered by the readings whose set holds it; a product by what covers every application that tells of its use. So another
product, or another application of one, takes nothing away from what is proven already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
from django.db.models import Max

from seatkeeper.app_uses import EVERY, INTERACTIVE, AppSignIns
from seatkeeper.clock import days, hours
from seatkeeper.connectors.catalog import find_product, find_vendor, find_vendor_of
from seatkeeper.model import CoverageState, Instant, Stretch
from seatkeeper.spans import ReadSpan, Span, intersect, join, lateness_of, proven, subtract
from seatkeeper.store.models import Application, ApplicationSet, Connection, Coverage

Applications = frozenset[AppSignIns]
SHORT: Final = hours(1)  # what the vendor drops while the oldest is read is not worth a line


def asks_for(asked: Collection[AppSignIns], one: AppSignIns) -> bool:
    """Whether a question brings the sign-ins to an application: it names it, or it names none and brings all."""
    return one in asked or AppSignIns(EVERY, one.kind) in asked


class Question(NamedTuple):
    """A stretch of time, and the applications whose sign-ins are not known to be complete in it."""

    span: Span
    asked: Applications


class Ledger(msgspec.Struct, frozen=True):
    """The readings of a tenant's sign-ins, the sets they asked for by number, and how late a sign-in has ever come.

    `usual` is how late one may come by what the vendor declares; bundles from before it was kept mean a day.
    """

    readings: Sequence[ReadSpan]
    longest_late: Instant = 0
    asked: Mapping[int, Applications] = {}
    usual: Instant = days(1)

    @property
    def lateness(self) -> Instant:
        """How long after a moment its sign-ins count as complete."""
        return lateness_of(self.usual, self.longest_late)

    def proven(self, wanted: Applications) -> list[Span]:
        """Where every sign-in to all of these is here for good; nowhere when none is named."""
        return intersect(proven(readings, self.lateness) for _some, readings in self._by_readings(wanted))

    def read(self, wanted: Applications) -> list[Span]:
        """Where the sign-ins to all of these were read, be it before late ones could have come."""
        return intersect(join(Span(r.start, r.end) for r in readings) for _some, readings in self._by_readings(wanted))

    def first_read(self, wanted: Applications, now: Instant) -> Instant:
        """When each of these had been read for the first time; now while one has not."""
        begun = [min((r.read_at for r in readings), default=now) for _some, readings in self._by_readings(wanted)]
        return max(begun, default=now)

    def to_ask(
        self, within: Span, wanted: Applications, sure_until: Instant, just_read: Collection[ReadSpan] = ()
    ) -> list[Question]:
        """What of a stretch is still to be read, oldest first: as few questions as there are different answers.

        What is proven after `sure_until` is doubted and asked for again. What was just read is not, proven or not:
        nobody can know more of it yet.
        """
        missing = []
        for some, readings in self._by_readings(wanted):
            sure = [Span(span.start, min(span.end, sure_until)) for span in proven(readings, self.lateness)]
            known = [Span(reading.start, reading.end) for reading in readings if reading in just_read]
            missing.append((some, subtract(within, [*sure, *known])))
        edges = sorted({edge for _some, gaps in missing for gap in gaps for edge in gap})
        found: list[Question] = []
        for start, end in pairwise(edges):
            lacks = [some for some, gaps in missing if any(gap.start <= start and end <= gap.end for gap in gaps)]
            asked: Applications = frozenset().union(*lacks)
            if asked and found and found[-1].asked == asked and found[-1].span.end == start:
                found[-1] = Question(Span(found[-1].span.start, end), asked)
            elif asked:
                found.append(Question(Span(start, end), asked))
        return found

    def readings_of(self, wanted: Applications) -> list[ReadSpan]:
        """The readings that asked for any of these."""
        numbers = {n for n, asked in self.asked.items() if any(asks_for(asked, one) for one in wanted)}
        return [reading for reading in self.readings if reading.asked in numbers]

    def _by_readings(self, wanted: Applications) -> list[tuple[Applications, list[ReadSpan]]]:
        """The applications in groups that were read together, each with its readings."""
        groups: dict[frozenset[int], set[AppSignIns]] = {}
        for one in wanted:
            numbers = frozenset(number for number, asked in self.asked.items() if asks_for(asked, one))
            groups.setdefault(numbers, set()).add(one)
        return [
            (frozenset(some), [reading for reading in self.readings if reading.asked in numbers])
            for numbers, some in groups.items()
        ]


def read_ledger(connection_id: int, kind: str = INTERACTIVE) -> Ledger:
    """Every reading of the tenant's sign-ins of one kind, oldest first."""
    sets = _list_sets(connection_id, kind)
    rows = Coverage.objects.filter(connection_id=connection_id, asked_id__in=sets)
    spans = list(rows.order_by("start", "pk").values_list("start", "end", "read_at", "asked_id", "longest_late"))
    longest = max((late for *_span, late in spans), default=0)
    log = find_vendor(Connection.objects.values_list("vendor", flat=True).get(pk=connection_id)).log
    readings = [ReadSpan(*span) for *span, _late in spans]
    return Ledger(readings, longest, sets, log.lateness if log else 0)


def number_of(asked: Applications) -> int:
    """The number of a set of applications, which thousands of readings share."""
    members = msgspec.json.encode(sorted(asked))
    digest = hashlib.blake2b(members, digest_size=16).hexdigest()
    row, _made = ApplicationSet.objects.get_or_create(digest=digest, defaults={"members": members.decode()})
    return row.pk


def watched_by(application: Application) -> Applications:
    """The sign-ins that tell of the use of the application's product."""
    return find_product(application.product).watched


def newest_reading(application: Application) -> int:
    """The number of the newest reading that asked for any application of the product; 0 before the first."""
    watched, sets = watched_by(application), _list_sets(application.connection_id)
    numbers = [number for number, asked in sets.items() if any(asks_for(asked, one) for one in watched)]
    rows = Coverage.objects.filter(connection_id=application.connection_id, asked__in=numbers)
    return rows.aggregate(newest=Max("pk"))["newest"] or 0


def _list_sets(connection_id: int, kind: str = INTERACTIVE) -> dict[int, Applications]:
    """The sets that readings of one kind asked for; a reading is of one."""
    used = Coverage.objects.filter(connection_id=connection_id).values("asked_id").distinct()
    rows = ApplicationSet.objects.filter(pk__in=used).values_list("pk", "members")
    sets = {number: msgspec.json.decode(members, type=Applications) for number, members in rows}
    return {number: asked for number, asked in sets.items() if any(one.kind == kind for one in asked)}


@dataclass(frozen=True, slots=True)
class SignInCoverage:
    """How far the sign-ins that tell of an application's use are complete.

    `stretches` fill the time since our history of them began, with what the vendor should have kept by then; there are
    none for a product that no sign-in tells of.
    """

    stretches: Sequence[Stretch]
    proven: Sequence[Span]
    read_until: Instant | None
    longest_late: Instant  # how late a sign-in has ever come
    lateness: Instant  # how long after it ended a stretch counts as complete

    @property
    def known_until(self) -> Instant | None:
        """Where proof ends; None while nothing is complete."""
        return self.proven[-1].end if self.proven else None


def coverage_of(application: Application, now: Instant) -> SignInCoverage:
    """The coverage of an application's product, by all that was read through its connection."""
    watched, ledger = watched_by(application), read_ledger(application.connection_id)
    sure, read = ledger.proven(watched), ledger.read(watched)
    log = find_vendor_of(application.product).log
    stretches: list[Stretch] = []
    if watched and log:
        edge = max(now - log.retention, application.connection.log_since or 0)
        stretches = to_stretches(sure, read, Span(ledger.first_read(watched, now) - log.retention, now), edge)
    return SignInCoverage(stretches, sure, read[-1].end if read else None, ledger.longest_late, ledger.lateness)


def to_stretches(sure: Sequence[Span], read: Sequence[Span], history: Span, edge: Instant) -> list[Stretch]:
    """The time of our history, cut where what is known of it changes; before `edge` the vendor keeps nothing."""
    begin = read[0].start if read and read[0].start < history.start + SHORT else history.start
    unread = subtract(Span(begin, history.end), read)
    parts = {
        CoverageState.COMPLETE: sure,
        CoverageState.PROVISIONAL: [gap for span in read for gap in subtract(span, sure)],
        CoverageState.LOST: [Span(gap.start, min(gap.end, edge)) for gap in unread if gap.start < edge],
        CoverageState.NOT_YET: [Span(max(gap.start, edge), gap.end) for gap in unread if gap.end > edge],
    }
    return sorted(Stretch(*span, state) for state, spans in parts.items() for span in spans)
