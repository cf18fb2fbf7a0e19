"""What was bought of each SKU, what of it is assigned, and what of that is used: from the newest summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from seatkeeper.amounts import Money
from seatkeeper.clock import system_clock
from seatkeeper.model import Instant, to_id
from seatkeeper.reporting import daily_summary
from seatkeeper.services import applications, connections
from seatkeeper.services.listings.base import Answer, Column, Kind, Listing, Question
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import DailySummary
from seatkeeper.store.queries import roster


class License(NamedTuple):
    """One SKU of an application; what was not bought has no numbers of the vendor's."""

    pk: int
    title: str
    part_number: str
    sku: str
    status: str
    bought: int | None
    assigned: int | None
    free: int | None
    holders: int
    active: int
    possibly_active: int
    inactive: int
    never_seen: int
    not_observable: int
    trial: int
    used: int
    idle: int
    undecided: int
    kept: int
    elsewhere: int
    beyond: int
    could_save: int
    cost: Money
    idle_cost: Money
    next_renewal: Instant | None = None


class FewRows(Listing[Any]):
    """A listing of rows that are at hand: too few for a database to sort."""

    def ask(self, rows: Sequence[Any], question: Question) -> Answer[Any]:  # type: ignore[override]
        fitting = self.sorted(rows, question)
        start = (question.page - 1) * question.size
        return Answer(self, question, len(fitting), fitting[start : start + question.size])

    def stream(self, rows: Sequence[Any], question: Question) -> list[Any]:  # type: ignore[override]
        return self.sorted(rows, question)

    def sorted(self, rows: Sequence[Any], question: Question) -> list[Any]:
        """Those that fit the search, in order; what is not known comes last either way."""
        self._order(question.sort)  # refuses what is no column
        wanted, sort = question.search.casefold(), question.sort or self.sort
        key, down = sort.removeprefix("-"), sort.startswith("-")
        fitting = [row for row in rows if any(wanted in str(getattr(row, name)).casefold() for name in self.search)]
        known = [row for row in fitting if getattr(row, key) is not None]
        known.sort(key=lambda row: getattr(row, key), reverse=down)
        return known + [row for row in fitting if getattr(row, key) is None]


LISTING: Final = FewRows(
    key="licenses",
    title="Licenses",
    columns=(
        Column("title", "Plan"),
        Column("part_number", "Part Number"),
        Column("status", "Status", Kind.BADGE),
        Column("bought", "Bought", Kind.NUMBER),
        Column("assigned", "Assigned", Kind.NUMBER),
        Column("free", "Free", Kind.NUMBER),
        Column("holders", "Holders", Kind.NUMBER),
        Column("active", "Active", Kind.NUMBER),
        Column("possibly_active", "Possibly active", Kind.NUMBER),
        Column("inactive", "Inactive", Kind.NUMBER),
        Column("never_seen", "Never seen", Kind.NUMBER),
        Column("not_observable", "Not observable", Kind.NUMBER, shown=False),
        Column("monthly_cost", "Monthly Cost", Kind.MONEY, sorts=False, period="month", attribute="cost"),
        Column("idle", "Idle", Kind.NUMBER),
        Column("idle_cost_a_month", "Idle, a month", Kind.MONEY, sorts=False, period="month", attribute="idle_cost"),
        Column("annual_cost", "Bought, a year", Kind.MONEY, shown=False, sorts=False, period="year", attribute="cost"),
        Column(
            "idle_cost_a_year",
            "Idle, a year",
            Kind.MONEY,
            shown=False,
            sorts=False,
            period="year",
            attribute="idle_cost",
        ),
        Column("used", "Used", Kind.NUMBER, shown=False),
        Column("undecided", "Undecided", Kind.NUMBER, shown=False),
        Column("kept", "Kept", Kind.NUMBER, shown=False),
        Column("elsewhere", "Elsewhere", Kind.NUMBER, shown=False),
        Column("beyond", "Beyond", Kind.NUMBER, shown=False),
        Column("trial", "Trial", Kind.NUMBER, shown=False),
        Column("could_save_seats", "Could be saved", Kind.NUMBER, shown=False, attribute="could_save"),
        Column("next_renewal", "Next Renewal", Kind.DAY),
        Column("sku", "SKU ID", shown=False),
    ),
    search=("title", "part_number", "sku"),
    sort="title",
    empty="No licence was read yet: run the licences task.",
)


def rows(who: Who, application_id: int) -> Any:
    """The SKUs that were bought or are held; few, so not a query."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    renewals = list_next_renewals(who, application.connection_id)
    licenses = list_licenses(daily_summary.newest(application))
    return [one._replace(next_renewal=renewals.get(one.sku)) for one in licenses]


def list_next_renewals(who: Who, connection_id: int) -> dict[str, Instant]:
    """When each SKU of a tenant renews next, by its id; a subscription that is not in force only ends."""
    now, renewals = system_clock(), dict[str, Instant]()
    for row in roster.list_renewals(connections.find(who, connection_id).pk):
        if roster.is_in_force(row) and row.next_lifecycle is not None and row.next_lifecycle >= now:
            sku = to_id(bytes(row.sku))
            renewals[sku] = min(row.next_lifecycle, renewals.get(sku, row.next_lifecycle))
    return renewals


def list_licenses(summary: DailySummary | None) -> list[License]:
    """What a summary says of each SKU."""
    licenses = []
    for number, told in enumerate(daily_summary.list_positions(summary), 1):
        bought, assigned, price = told.get("bought"), told.get("assigned"), Money.read(told["price"])
        free = None if bought is None or assigned is None else max(0, bought - assigned)
        more = {"pk": number, "free": free, "cost": price.times(told["paid"]), "idle_cost": price.times(told["idle"])}
        nothing: dict[str, Any] = {"status": "", "bought": None, "assigned": None}
        known = {field: told[field] for field in License._fields if field in told}
        licenses.append(License(**(nothing | more | known)))
    return licenses
