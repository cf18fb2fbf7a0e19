"""What if the threshold were another one: how people would be judged, and what that is worth, before it is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from seatkeeper.amounts import Money
from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.insights.base import About, Snapshot
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.insights.evidence import Activity, activity, sure_from
from seatkeeper.insights.money import reckon
from seatkeeper.model import Instant
from seatkeeper.reporting.costs import read_exceptions
from seatkeeper.reporting.price_list import price_list
from seatkeeper.reporting.snapshot import quick_snapshot
from seatkeeper.services.application_input import check_threshold
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who

__all__ = ["Activity"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom the question is about; an empty text means everybody."""

    department: str = ""
    part_number: str = ""


EVERYBODY: Final = Scope()
# What says that a seat is idle: its holder's use, or that it has no holder.
IDLE: Final = [one for one in INSIGHTS if one.of_use or (one.frees and one.about is About.PURCHASE)]


@dataclass(frozen=True, slots=True)
class Side:
    """How people are judged with one threshold, and the seats that are idle with it: somebody's and nobody's."""

    threshold_days: int
    counts: Counter[Activity]
    unused_seats: int
    unused: Money
    unassigned_seats: int  # none where the question is about a department
    unassigned: Money
    sure_from: Instant | None  # before it, nobody can be called unused for the whole threshold

    @property
    def idle_seats(self) -> int:
        return self.unused_seats + self.unassigned_seats

    @property
    def idle(self) -> Money:
        return Money.total([self.unused, self.unassigned])


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Today's threshold beside the one that was asked about."""

    today: Side
    then: Side
    departments: list[str]
    plans: list[tuple[str, str]]  # part number and title
    missing_prices: list[str]
    cannot_be_said_before: Instant | None


def what_if(
    who: Who, which: Which, threshold_days: int, scope: Scope = EVERYBODY, clock: Clock = system_clock
) -> WhatIf:
    """Both sides of the question. Raises BadInput for a threshold or a scope that there is not."""
    who.require(May.SEE)
    application = find_application(who, which)
    snapshot = quick_snapshot(application, clock)
    departments = sorted({holder.department for holder in snapshot.holders if holder.department})
    held = {(seat.sku.part_number, seat.sku.title) for holder in snapshot.holders for seat in holder.seats}
    plans = sorted(held | {(p.sku.part_number, p.sku.title) for p in snapshot.purchases if p.bought})
    if scope.department and scope.department not in departments:
        raise BadInput("department", f"nobody on the roster is in {scope.department[:60]!r}.")
    if scope.part_number and scope.part_number not in {number for number, _title in plans}:
        raise BadInput("part_number", f"nobody on the roster holds {scope.part_number[:60]!r}.")
    sides, missing = [], set[str]()
    for threshold in (application.threshold_days, check_threshold(threshold_days)):
        scoped = _narrow(replace(snapshot, threshold=days(threshold)), scope)
        idle = [found for insight in IDLE for found in insight.find(scoped)]
        balance = reckon(scoped, idle, read_exceptions(application, clock()), price_list(who, clock))
        nobodys = not scope.department
        sides.append(
            Side(
                threshold,
                Counter(activity(holder, scoped) for holder in scoped.holders),
                balance.seats("unused"),
                balance.total("unused"),
                balance.seats("unassigned") * nobodys,
                balance.total("unassigned").times(nobodys),
                sure_from(scoped),
            )
        )
        missing |= set(balance.missing_prices)
    sure = sides[1].sure_from
    later = sure if sure is not None and sure > snapshot.as_of else None
    return WhatIf(sides[0], sides[1], departments, plans, sorted(missing), later)


def _narrow(snapshot: Snapshot, scope: Scope) -> Snapshot:
    """The people and seats that are asked about."""
    holders = []
    for holder in snapshot.holders:
        seats = tuple(seat for seat in holder.seats if scope.part_number in ("", seat.sku.part_number))
        if seats and scope.department in ("", holder.department):
            holders.append(replace(holder, seats=seats))
    purchases = [p for p in snapshot.purchases if scope.part_number in ("", p.sku.part_number)]
    return replace(snapshot, holders=holders, purchases=purchases)
