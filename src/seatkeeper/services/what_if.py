"""What if the threshold were another one: how people would be judged, and what that is worth, before it is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.insights.base import Holder, Picture
from seatkeeper.insights.evidence import Activity, activity, sure_from
from seatkeeper.insights.money import Money, PriceList
from seatkeeper.insights.savings import cost_of, idle_holders
from seatkeeper.model import Instant
from seatkeeper.services.application_input import check_threshold
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who
from seatkeeper.services.picture import quick_picture
from seatkeeper.services.price_list import price_list


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom the question is about; an empty word is everybody."""

    department: str = ""
    part_number: str = ""


EVERYBODY: Final = Scope()


@dataclass(frozen=True, slots=True)
class Side:
    """How people stand with one threshold, and what those who are proven idle cost."""

    threshold_days: int
    counts: Counter[Activity]
    idle_seats: int
    idle_a_month: Money
    sure_from: Instant | None  # before it, nobody can be called unused for the whole threshold

    @property
    def idle_a_year(self) -> Money:
        return self.idle_a_month.times(12)


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
    picture = quick_picture(application, clock)
    prices = price_list(who.organization_id, clock)
    departments = sorted({holder.department for holder in picture.holders if holder.department})
    plans = sorted({(seat.plan.part_number, seat.plan.title) for holder in picture.holders for seat in holder.seats})
    if scope.department and scope.department not in departments:
        raise BadInput("Department", f"nobody on the roster is in {scope.department[:60]!r}.")
    if scope.part_number and scope.part_number not in {number for number, _title in plans}:
        raise BadInput("SKU", f"nobody on the roster holds {scope.part_number[:60]!r}.")
    then = _side(picture, check_threshold(threshold_days), scope, prices)
    return WhatIf(
        _side(picture, application.threshold_days, scope, prices),
        then,
        departments,
        plans,
        prices.missing(number for number, _title in plans),
        then.sure_from if then.sure_from is not None and then.sure_from > picture.as_of else None,
    )


def _side(picture: Picture, threshold_days: int, scope: Scope, prices: PriceList) -> Side:
    holders = [narrowed for holder in picture.holders if (narrowed := _narrow(holder, scope)) is not None]
    scoped = replace(picture, threshold=days(threshold_days), holders=holders)
    idle = idle_holders(scoped)
    return Side(
        threshold_days,
        Counter(activity(holder, scoped) for holder in holders),
        sum(len(holder.seats) for holder in idle),
        cost_of(idle, prices),
        sure_from(scoped),
    )


def _narrow(holder: Holder, scope: Scope) -> Holder | None:
    """The holder with the seats that are asked about, or nobody."""
    if scope.department and holder.department != scope.department:
        return None
    seats = tuple(seat for seat in holder.seats if scope.part_number in ("", seat.plan.part_number))
    return replace(holder, seats=seats) if seats else None
