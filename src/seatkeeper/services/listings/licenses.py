"""What was bought of each SKU, what of it is assigned, and what of that is used: from the newest drawing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from seatkeeper.clock import system_clock
from seatkeeper.model import Instant, to_id
from seatkeeper.services import applications
from seatkeeper.services.drawing import standing
from seatkeeper.services.listings.base import Answer, Column, Kind, Listing, Question
from seatkeeper.services.members import May, Who
from seatkeeper.services.tables import Table
from seatkeeper.store.models import Renewal, Standing


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
    monthly_cost: str | None = None
    next_renewal: Instant | None = None


class FewRows(Listing[Any]):
    """A listing of rows that are at hand: too few for a database to sort."""

    def ask(self, rows: Sequence[Any], question: Question) -> Answer[Any]:  # type: ignore[override]
        fitting = self.sorted(rows, question)
        start = (question.page - 1) * question.size
        return Answer(self, question, len(fitting), fitting[start : start + question.size])

    def export(self, rows: Sequence[Any], question: Question) -> Table:  # type: ignore[override]
        columns = self.shown(question) if question.columns else list(self.columns)
        cells = [[getattr(row, column.key) for column in columns] for row in self.sorted(rows, question)]
        days = frozenset(column.title for column in columns if column.kind is Kind.DAY)
        return Table([column.title for column in columns], cells, days)

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
        Column("monthly_cost", "Monthly Cost", Kind.MONEY, sorts=False),
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
    renewals = _next_renewals(application.connection_id, system_clock())
    return [one._replace(next_renewal=renewals.get(one.sku)) for one in list_licenses(standing.newest(application))]


def _next_renewals(connection_id: int, now: Instant) -> dict[str, Instant]:
    """The next day on which a subscription of each SKU renews or ends."""
    coming = Renewal.objects.filter(connection_id=connection_id, next_lifecycle__gte=now)
    found = coming.order_by("-next_lifecycle").values_list("sku", "next_lifecycle")
    return {to_id(bytes(sku)): when for sku, when in found if when is not None}


def list_licenses(drawn: Standing | None) -> list[License]:
    """Of a drawing."""
    told = json.loads(drawn.skus) if drawn else []
    return [_to_license(number, one) for number, one in enumerate(told, 1)]


def _to_license(number: int, told: dict[str, Any]) -> License:
    bought, assigned = told.get("bought"), told.get("assigned")
    free = None if bought is None or assigned is None else max(0, bought - assigned)
    nothing: dict[str, Any] = {"pk": number, "status": "", "bought": None, "assigned": None, "free": free}
    return License(**(nothing | {field: told[field] for field in License._fields if field in told}))
