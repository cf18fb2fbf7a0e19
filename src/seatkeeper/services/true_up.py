"""What a tenant had assigned in a span of days: the highest and the last number of each SKU, for a true-up.

Which of both counts is in the contract. A day without a complete reading of the licences may have had more, so the days
that were read are told with the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant, SeatKind, to_id, to_text
from seatkeeper.services import connections
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Subscription
from seatkeeper.store.queries.history import list_generations, list_versions
from seatkeeper.sync.vendors import find_product, find_vendor
from seatkeeper.tabular.tables import Cell, Table

COLUMNS: Final = (
    "SKU", "Plan", "Highest Assigned", "Highest On", "Last Assigned", "Last On", "Days Read", "Days", "SKU ID",
)  # fmt: skip
LONGEST: Final = 1100  # days: three years and a little more


@dataclass(frozen=True, slots=True)
class TrueUp:
    """Numbers of each SKU from the first day to the last, and on how many of the days the licences were read."""

    first: date
    last: date
    table: Table
    days_read: int
    days: int

    @property
    def words(self) -> str:
        return f"Licences were read on {self.days_read:,} of {self.days:,} days."


def true_up(who: Who, connection_id: int, first: date | None = None, last: date | None = None) -> TrueUp:
    """From the first day to the last, both included, in UTC; of the SKUs that are seats of a managed product.

    Without a last day it is today, and without a first one, a year that ends with the last.

    Raises NotFound, and BadInput for a span that ends before it begins or is too long.
    """
    who.require(May.SEE)
    connection = connections.find(who, connection_id)
    last = last or date.fromisoformat(_day(system_clock()))
    first = first or last - timedelta(days=364)
    span = (last - first).days + 1
    if span < 1:
        raise BadInput("day", f"{first} is after {last}: give the earlier day first.")
    if span > LONGEST:
        raise BadInput("day", f"{first} to {last} is longer than {LONGEST:,} days: give a shorter span.")
    begin = days(1) * (first - date(1970, 1, 1)).days
    read = list_generations(connection.pk, "licenses", begin, begin + days(span))
    days_read = len({_day(moment) for _generation, moment in read})
    versions = list_versions(connection.pk, read[0][0], read[-1][0]) if read else []
    mine = Application.objects.of(who).filter(connection=connection, active=True)
    products = [find_product(key) for key in sorted(set(mine.values_list("product", flat=True)))]
    of_sku: dict[str, list[Subscription]] = {}
    for row in versions:
        of_sku.setdefault(to_id(bytes(row.sku)), []).append(row)
    plans = {sku_id: own[-1].plans.split(",") for sku_id, own in of_sku.items()}
    carried = find_vendor(connection.vendor).list_carried(products, plans)
    titles = {sku.id: sku.title for product in products for sku in product.skus}
    rows: list[Sequence[Cell]] = []
    for sku_id, own in of_sku.items():
        if all(each.kind is SeatKind.OTHER_PRODUCT for each in carried.get(sku_id, ())):
            continue
        if not (assigned := _assigned(own, read)):
            continue
        highest = max(assigned, key=lambda each: each[1])  # of several days, the first
        name, newest = own[-1].part_number, assigned[-1]
        told = (highest[1], _day(highest[0]), newest[1], _day(newest[0]), days_read, span, sku_id)
        rows.append((name, titles.get(sku_id, name), *told))
    return TrueUp(
        first, last, Table(COLUMNS, sorted(rows, key=lambda row: (str(row[0]), str(row[-1])))), days_read, span
    )


def _assigned(own: Sequence[Subscription], read: Sequence[tuple[int, Instant]]) -> list[tuple[Instant, int]]:
    """What was assigned of a SKU at each reading that lists it, oldest first."""
    return [(moment, row.consumed) for generation, moment in read for row in own if row.since <= generation < row.until]


def _day(moment: Instant) -> str:
    return to_text(moment)[:10]
