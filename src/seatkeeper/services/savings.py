"""What was saved, as later rosters measured it; and whose the cost is."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Final, NamedTuple

from django.db.models import Count

from seatkeeper.errors import BadInput
from seatkeeper.insights.evidence import Activity
from seatkeeper.insights.money import Money
from seatkeeper.services.applications import Which, find_application, list_applications
from seatkeeper.services.drawing.endings import saved_a_month
from seatkeeper.services.members import May, Who
from seatkeeper.services.price_list import price_list, read_prices
from seatkeeper.services.skus import name_skus
from seatkeeper.store.models import Application, Holding

EPOCH: Final = date(1970, 1, 1).toordinal()
GROUPS: Final = {"department": "Department", "location": "Location", "cost_center": "Cost center"}
IDLE: Final = (Activity.INACTIVE, Activity.NEVER_SEEN)


class Month(NamedTuple):
    """What the seats that were given back in a month cost, each month since."""

    month: str
    a_month: Money


class Share(NamedTuple):
    """What the seats of a department, a location or a cost centre cost a month, and those that nobody uses of them."""

    name: str
    people: int
    a_month: Money
    idle: int
    idle_a_month: Money


def realised(who: Who, since: date | None = None, which: Which | None = None) -> list[Month]:
    """By month, oldest first: seats that findings spoke of and a later roster showed no more."""
    who.require(May.SEE)
    first = since.toordinal() - EPOCH if since else 0
    months: dict[str, list[Money]] = defaultdict(list)
    mine = [application.pk for application in _chosen(who, which)]
    for day, amount in saved_a_month(mine, read_prices(who.organization_id), first).items():
        months[date.fromordinal(day + EPOCH).isoformat()[:7]].append(amount)
    return [Month(month, Money.total(parts)) for month, parts in sorted(months.items())]


class Costs(NamedTuple):
    """The shares of a group, and the SKUs that people hold and no price is known of."""

    shares: list[Share]
    missing: list[str]


def cost_by(who: Who, group: str, which: Which | None = None) -> list[Share]:
    """The cost of held seats by department, location or cost centre, by name; those without one come last."""
    return costs_by(who, group, which).shares


def costs_by(who: Who, group: str, which: Which | None = None) -> Costs:
    """The same, with what is left out of it for want of a price."""
    who.require(May.SEE)
    if group not in GROUPS:
        raise BadInput("group", f"{group[:40]!r} is not one of {', '.join(GROUPS)}.")
    prices = price_list(who.organization_id)
    sums: dict[str, list[tuple[int, Money, bool]]] = defaultdict(list)
    held: set[str] = set()
    for application in _chosen(who, which):
        names = name_skus(application)
        rows = Holding.objects.filter(application=application).values_list(group, "skus", "status")
        for name, skus, status, people in rows.annotate(people=Count("pk")).order_by():
            numbers = [names.get(sku, (sku, ""))[0] for sku in skus.split()]
            held.update(numbers)
            cost = prices.of_seats(numbers).times(people)
            sums[name].append((people, cost, status in IDLE))
    shares = [_to_share(name, sums[name]) for name in sorted(sums, key=lambda name: (not name, name.casefold()))]
    return Costs(shares, prices.missing(held))


def _to_share(name: str, parts: list[tuple[int, Money, bool]]) -> Share:
    idle = [(people, cost) for people, cost, is_idle in parts if is_idle]
    return Share(
        name,
        sum(people for people, _cost, _idle in parts),
        Money.total(cost for _people, cost, _idle in parts),
        sum(people for people, _cost in idle),
        Money.total(cost for _people, cost in idle),
    )


def _chosen(who: Who, which: Which | None) -> list[Application]:
    return list_applications(who) if which is None else [find_application(who, which)]
