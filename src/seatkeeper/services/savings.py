"""What was saved, as later rosters measured it; what could be; and whose the cost is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Sum, Value, When

from seatkeeper.amounts import Money
from seatkeeper.errors import BadInput
from seatkeeper.reporting.daily_summary import list_positions, newest
from seatkeeper.reporting.endings import saved_by_day
from seatkeeper.reporting.price_list import read_prices
from seatkeeper.services.applications import Which, find_application, list_counted
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Finding, SeatHolder

EPOCH: Final = date(1970, 1, 1).toordinal()
GROUPS: Final = {"department": "Department", "location": "Location", "cost_center": "Cost center"}


HELD, DELETED, NOBODYS = "Seats of people", "Seats of deleted accounts", "Seats given to nobody"


class Part(NamedTuple):
    """A part of what could be saved."""

    title: str
    seats: int
    cost: Money


class Month(NamedTuple):
    """What the seats that were given back in a month cost, ever since."""

    month: str
    saved: Money


class Share(NamedTuple):
    """The seats of a department, a location or a cost centre, and those of them that are idle."""

    name: str
    people: int
    cost: Money
    idle: int  # people with an idle seat
    idle_cost: Money


@dataclass(frozen=True, slots=True)
class Costs:
    """The shares of a group, and what is nobody's of all that is bought; they add up to it.

    Some seats are given to nobody. `other` are those that the vendor counts as assigned, but to nobody on the roster,
    less those assigned beyond what is bought.
    """

    shares: list[Share]
    unassigned: Money
    unassigned_idle: Money
    other: Money
    missing: list[str]  # SKUs of which no price is known: they are in no amount

    @property
    def bought(self) -> Money:
        return Money.total([*(share.cost for share in self.shares), self.unassigned, self.other])

    @property
    def idle(self) -> Money:
        return Money.total([*(share.idle_cost for share in self.shares), self.unassigned_idle])


def realised(who: Who, since: date | None = None, which: Which | None = None) -> list[Month]:
    """By month, oldest first: seats that findings spoke of and a later roster showed no more."""
    who.require(May.SEE)
    first = since.toordinal() - EPOCH if since else 0
    months: dict[str, list[Money]] = defaultdict(list)
    mine = list_counted(who) if which is None else [find_application(who, which)]
    for day, amount in saved_by_day([a.pk for a in mine], read_prices(who), first).items():
        months[date.fromordinal(day + EPOCH).isoformat()[:7]].append(amount)
    return [Month(month, Money.total(parts)) for month, parts in sorted(months.items())]


def freeing(who: Who, application: Application) -> QuerySet[Finding]:
    """The open and accepted findings that give seats back, each seat once."""
    return Finding.objects.of(who).filter(application=application, state__in=("open", "accepted"), seats__gt=0)


def could_save(who: Who, which: Which) -> list[Part]:
    """All that following the findings gives back: by plans, at the vendor's deleted accounts, by ordering less."""
    who.require(May.SEE)
    application = find_application(who, which)
    held = SeatHolder.objects.filter(application=application, object_id=OuterRef("object_id"))
    kind = Case(When(object_id="", then=Value(NOBODYS)), When(Exists(held), then=Value(HELD)), default=Value(DELETED))
    rows = freeing(who, application).annotate(kind=kind).order_by().values_list("kind", "could_save")
    parts: dict[str, list[Part]] = {title: [] for title in (HELD, DELETED, NOBODYS)}
    for title, cost, seats, number in rows.annotate(Sum("seats"), Count("pk")):
        parts[title].append(Part(title, seats, cost.times(number)))
    return [add_up(some)._replace(title=title) for title, some in parts.items()]


def add_up(parts: Sequence[Part]) -> Part:
    return Part("", sum(part.seats for part in parts), Money.total(part.cost for part in parts))


def cost_by(who: Who, group: str, which: Which | None = None) -> list[Share]:
    """The cost of held seats by department, location or cost centre, by name; those without one come last."""
    return costs_by(who, group, which).shares


def costs_by(who: Who, group: str, which: Which | None = None) -> Costs:
    """The same, with what is nobody's, and what is left out for want of a price."""
    who.require(May.SEE)
    if group not in GROUPS:
        raise BadInput("group", f"{group[:40]!r} is not one of {', '.join(GROUPS)}.")
    chosen = [a for a in list_counted(who) if a.active] if which is None else [find_application(who, which)]
    sums: dict[str, list[Share]] = defaultdict(list)
    positions = []
    counted: set[tuple[int, str]] = set()
    for application in chosen:
        # A SKU that carries several products of a tenant counts for the first of them.
        tenant, rows = application.connection_id, list_positions(newest(application))
        rows = [row for row in rows if (tenant, row["sku"]) not in counted]
        counted |= {(tenant, row["sku"]) for row in rows}
        positions += rows
        prices = {row["sku"]: Money.read(row["price"]) for row in rows}
        for share in _list_shares(application, group, prices):
            sums[share.name].append(share)

    def total(*parts: str) -> Money:
        return Money.total(Money.read(row["price"]).times(row[part]) for row in positions for part in parts)

    shares = []
    for name in sorted(sums, key=lambda name: (not name, name.casefold())):
        some = sums[name]
        cost, idle_cost = Money.total(one.cost for one in some), Money.total(one.idle_cost for one in some)
        shares.append(Share(name, sum(one.people for one in some), cost, sum(one.idle for one in some), idle_cost))
    beyond = total("beyond").times(-1)
    return Costs(
        shares,
        total("unassigned", "kept"),
        total("unassigned"),
        Money.total([total("elsewhere"), beyond]),
        sorted({row["part_number"] for row in positions if row["holders"] and not row["price"]}),
    )


def _list_shares(application: Application, group: str, prices: dict[str, Money]) -> Iterator[Share]:
    rows = SeatHolder.objects.filter(application=application).values_list(group, "skus", "idle_skus")
    for name, skus, idle_skus, people in rows.annotate(people=Count("pk")).order_by():
        cost, idle_cost = (
            Money.total(prices.get(sku, Money()) for sku in some.split()).times(people) for some in (skus, idle_skus)
        )
        yield Share(name, people, cost, people if idle_skus else 0, idle_cost)
