"""The licence position of a tenant over all its products: each application's SKUs, and where each of them counts.

A SKU that several applications show counts at the one that was added first; what another licence carries inside counts
nowhere but there. So the rows that count at their own application add up to what the tenant has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from seatkeeper.amounts import Money
from seatkeeper.model import Instant
from seatkeeper.reporting import daily_summary
from seatkeeper.services import connections
from seatkeeper.services.listings.base import Column, Kind
from seatkeeper.services.listings.licenses import FewRows, list_next_renewals
from seatkeeper.services.members import May, Who
from seatkeeper.services.ownership import list_owned
from seatkeeper.store.models import Application
from seatkeeper.sync.vendors import find_product

INSIDE: Final = "inside"


class PositionRow(NamedTuple):
    """A SKU as one application shows it; seats and money are those of `insights/money.py`.

    `counted_at` is the application that counts it, or INSIDE: then the row has no figures.
    """

    pk: int
    application: str
    product: str
    title: str
    part_number: str
    sku: str
    counted_at: str
    counts: bool  # here, and in no other row
    bought: int | None = None
    in_grace: int | None = None  # of those bought; None also where nobody has read what was bought
    trial: int | None = None
    assigned: int | None = None
    used: int | None = None
    idle: int | None = None
    could_save: int | None = None
    cost: Money | None = None
    idle_cost: Money | None = None
    next_renewal: Instant | None = None


class Total(NamedTuple):
    """What counts at one application, or in the whole tenant: each SKU once."""

    name: str
    bought: int
    in_grace: int
    assigned: int
    used: int
    idle: int
    cost: Money
    idle_cost: Money


LISTING: Final = FewRows(
    key="positions",
    title="Licence position",
    columns=(
        Column("application", "Application", Kind.NAME),
        Column("product", "Product", shown=False),
        Column("title", "Plan"),
        Column("part_number", "Part Number", shown=False),
        Column("counted_at", "Counted At", Kind.NAME),
        Column("bought", "Bought", Kind.NUMBER),
        Column("in_grace", "In Grace", Kind.NUMBER),
        Column("assigned", "Assigned", Kind.NUMBER),
        Column("used", "Used", Kind.NUMBER),
        Column("idle", "Idle", Kind.NUMBER),
        Column("could_save", "Could be saved", Kind.NUMBER, shown=False),
        Column("trial", "Trial", Kind.NUMBER, shown=False),
        Column("annual_cost", "Bought, a year", Kind.MONEY, sorts=False, period="year", attribute="cost"),
        Column("idle_cost_a_year", "Idle, a year", Kind.MONEY, sorts=False, period="year", attribute="idle_cost"),
        Column("next_renewal", "Next Renewal", Kind.DAY),
        Column("sku", "SKU ID", shown=False),
    ),
    search=("application", "title", "part_number", "sku"),
    sort="application",
    empty="No licence was read yet: run the licences task.",
)


def rows(who: Who, connection_id: int) -> Any:
    """The SKUs of each active application of a tenant, from the newest summaries. Raises NotFound."""
    who.require(May.SEE)
    connection = connections.find(who, connection_id)
    mine = list(Application.objects.of(who).filter(connection=connection, active=True).order_by("pk"))
    products = {application.pk: find_product(application.product) for application in mine}
    owned, renewals = list_owned(who, connection, list(products.values())), list_next_renewals(who, connection.pk)
    counted_at, found = dict[str, Application](), list[PositionRow]()
    for application in mine:
        product = products[application.pk]
        for told in daily_summary.list_positions(daily_summary.newest(application)):
            first, price = counted_at.setdefault(told["sku"], application), Money.read(told["price"])
            found.append(
                PositionRow(
                    len(found) + 1,
                    application.name,
                    product.title,
                    told["title"],
                    told["part_number"],
                    told["sku"],
                    first.name,
                    first is application,
                    told["paid"],
                    told.get("warning"),
                    told["trial"],
                    told.get("assigned", told["holders"]),
                    told["used"],
                    told["idle"],
                    told["could_save"],
                    price.times(told["paid"]),
                    price.times(told["idle"]),
                    renewals.get(told["sku"]),
                )
            )
        for title in owned[product.key].inside:
            row = PositionRow(len(found) + 1, application.name, product.title, title, "", "", INSIDE, counts=False)
            found.append(row)
    return found


def total(listed: Sequence[PositionRow]) -> list[Total]:
    """What counts at each application that has rows, and last the tenant: the sum of them."""
    counted = [row for row in listed if row.counts]
    groups = {name: [row for row in counted if row.application == name] for name in {row.application for row in listed}}
    return [*(_add(name, groups[name]) for name in sorted(groups)), _add("Tenant", counted)]


def _add(name: str, counted: Sequence[PositionRow]) -> Total:
    seats = [sum(getattr(row, part) or 0 for row in counted) for part in Total._fields[1:6]]
    costs = [Money.total(getattr(row, part) or Money() for row in counted) for part in Total._fields[6:]]
    return Total(name, *seats, *costs)  # type: ignore[arg-type]
