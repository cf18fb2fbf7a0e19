"""How each organization stands, a row each: the home of a service provider. Totals only, and nobody's name.

Every figure comes from what a refresh or a run stored, with one query a group of columns, however many rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec
from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery

from seatkeeper.amounts import Money
from seatkeeper.clock import system_clock
from seatkeeper.model import Instant, RunStatus
from seatkeeper.services.listings.base import Column, Kind
from seatkeeper.services.listings.licenses import FewRows
from seatkeeper.services.members import May, Who, list_open
from seatkeeper.store.models import Application, DailySummary, Organization, Renewal, Run, Task

LISTING: Final = FewRows(
    key="organizations",
    title="Organizations",
    columns=(
        Column("name", "Organization", Kind.NAME),
        Column("state", "State", Kind.BADGE, shown=False),
        Column("tenants", "Tenants", Kind.NUMBER),
        Column("bought", "Bought", Kind.NUMBER),
        Column("assigned", "Assigned", Kind.NUMBER),
        Column("idle", "Idle", Kind.NUMBER),
        Column("idle_cost_a_year", "Idle, a year", Kind.MONEY, period="year", attribute="idle_cost"),
        Column("health", "Health", Kind.BADGE),
        Column("failing", "Failing tasks", Kind.NUMBER),
        Column("last_complete", "Last complete run", Kind.TIME),
        Column("next_renewal", "Next renewal", Kind.DAY),
    ),
    search=("name", "health"),
    sort="name",
    empty="There is no organization yet: add the first one.",
)


@dataclass
class OrganizationRow:
    """Sums over the active applications; a SKU that several of a tenant's applications show counts once."""

    pk: int
    name: str
    state: str  # active, or archived
    is_mine: bool  # the asker is a member of it
    tenants: int = 0
    bought: int = 0
    assigned: int = 0
    idle: int = 0
    idle_cost: Money = field(default_factory=Money)
    failing: int = 0
    last_complete: Instant | None = None
    next_renewal: Instant | None = None
    statuses: set[str] = field(default_factory=set)

    @property
    def health(self) -> str:
        if self.state == "archived":
            return "archived"
        if self.failing:
            return "failing"
        if self.statuses <= {""}:
            return "never run"
        return "attention" if self.statuses - {RunStatus.COMPLETE, RunStatus.RUNNING} else "healthy"

    @property
    def idle_cost_a_year(self) -> Decimal | None:
        """To sort by: the largest of its amounts, as currencies are never added to each other."""
        return max((amount for _, amount in self.idle_cost.amounts), default=None)


def rows(who: Who) -> Any:
    """OrganizationRows: all organizations for an operator, those of one's own for a member, and the one of a token."""
    mine = set(list_open(who.member_id).values_list("organization", flat=True)) if who.member_id else set()
    asked: QuerySet[Organization] = Organization.objects.filter(pk__in=mine)
    if May.OPERATE in who.may:
        asked = Organization.objects.all()
    elif who.token_id is not None:
        asked = Organization.objects.of(who)
    found = {
        each.pk: OrganizationRow(each.pk, each.name, "archived" if each.archived else "active", each.pk in mine)
        for each in asked
    }
    for add in (_add_seats, _add_health, _add_renewals):
        add(found, asked)
    return list(found.values())


def _add_seats(found: Mapping[int, OrganizationRow], asked: QuerySet[Organization]) -> None:
    newest = DailySummary.objects.filter(application=OuterRef("pk")).order_by("-day")
    counted = Application.objects.filter(organization__in=asked, active=True, connection__duplicate_of=None)
    tenants: dict[int, set[int]] = defaultdict(set)
    costs: dict[int, list[Money]] = defaultdict(list)
    seen: set[tuple[int, str]] = set()
    read_price = cache(Money.read)  # thousands of seats have the same few
    told = counted.order_by("pk").values_list("organization", "connection", Subquery(newest.values("skus")[:1]))
    for organization, connection, skus in told:
        row = found[organization]
        tenants[organization].add(connection)
        for sku in _first_seen(seen, connection, skus):
            row.bought += sku.get("paid", 0)
            row.assigned += sku.get("assigned", sku["holders"]) or 0
            row.idle += sku.get("idle", 0)
            if price := read_price(sku.get("price", "")):
                costs[organization].append(price.times(sku.get("idle", 0)))
    for organization, connections in tenants.items():
        found[organization].tenants = len(connections)
        found[organization].idle_cost = Money.total(costs[organization])


def _first_seen(seen: set[tuple[int, str]], connection: int, skus: str | None) -> Iterator[dict[str, Any]]:
    """The SKUs of a summary that no application of the tenant has shown before."""
    for sku in msgspec.json.decode(skus or "[]"):
        if (connection, sku["sku"]) not in seen:
            seen.add((connection, sku["sku"]))
            yield sku


def _add_health(found: Mapping[int, OrganizationRow], asked: QuerySet[Organization]) -> None:
    active = Application.objects.filter(connection=OuterRef("connection"), active=True, connection__duplicate_of=None)
    newest = Run.objects.filter(task=OuterRef("pk")).order_by("-started")
    complete = newest.filter(status=RunStatus.COMPLETE)
    tasks = Task.objects.filter(Exists(active), connection__organization__in=asked, enabled=True)
    columns = (
        "connection__organization",
        Subquery(newest.values("status")[:1]),
        Subquery(newest.values("quarantined")[:1]),
        Subquery(complete.values("ended")[:1]),
    )
    for organization, status, quarantined, ended in tasks.values_list(*columns):
        row = found[organization]
        row.failing += status in (RunStatus.FAILED, RunStatus.REFUSED)
        row.statuses.add("quarantined" if quarantined else status or "")
        row.last_complete = max(filter(None, (row.last_complete, ended)), default=None)


def _add_renewals(found: Mapping[int, OrganizationRow], asked: QuerySet[Organization]) -> None:
    """The next one that is in force; one that is suspended only ends."""
    ended = Q(status__iexact="deleted") | Q(status__iexact="suspended") | Q(status__iexact="lockedout")
    coming: Any = Renewal.objects.filter(connection__organization__in=asked, next_lifecycle__gte=system_clock())
    by_organization = coming.exclude(ended).values_list("connection__organization")
    for organization, when in by_organization.annotate(Min("next_lifecycle")).order_by():
        found[organization].next_renewal = when
