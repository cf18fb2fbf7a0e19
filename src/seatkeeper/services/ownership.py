"""What a tenant owns of a product, bought for it or inside other licences: from what was read last, nothing live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from seatkeeper.model import SeatKind, to_id
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Connection, Subscription, Task
from seatkeeper.store.queries.roster import list_subscriptions
from seatkeeper.sync.vendors import Carried, Product, find_vendor, list_products


class Bought(NamedTuple):
    """A SKU whose units are seats of the product."""

    part_number: str
    bought: int
    assigned: int


class Owned(NamedTuple):
    """`inside` are titles of licences of other products, and of trials, that carry the product."""

    seats: tuple[Bought, ...] = ()
    inside: tuple[str, ...] = ()
    is_read: bool = True  # whether the licences of the tenant were ever read

    def __bool__(self) -> bool:
        return bool(self.seats or self.inside)

    @property
    def words(self) -> str:
        if not self.is_read:
            return "not known until the licences were read"
        parts = [f"{s.bought:,} {s.part_number} bought, {s.assigned:,} assigned" for s in self.seats]
        if self.inside:
            parts.append(f"inside {', '.join(self.inside)}")
        return "; ".join(parts) or "nothing"


def list_owned(who: Who, connection: Connection, products: Sequence[Product]) -> Mapping[str, Owned]:
    """What the tenant owned of each product, by its key, when its licences were last read whole."""
    who.require(May.SEE)
    task = Task.objects.of(who).filter(connection=connection, key="licenses").first()
    if task is None or not task.generation:
        return {product.key: Owned(is_read=False) for product in products}
    rows = [row for row in list_subscriptions(connection.pk, task.generation) if row.enabled + row.warning > 0]
    live = {to_id(bytes(row.sku)): row.plans.split(",") for row in rows}
    carried = find_vendor(connection.vendor).list_carried(products, live)
    titles = {sku.id: sku.title for product in list_products() for sku in product.skus}
    return {product.key: _find(product, rows, carried, titles) for product in products}


def _find(
    product: Product, rows: Iterable[Subscription], carried: Mapping[str, Sequence[Carried]], titles: Mapping[str, str]
) -> Owned:
    """By the vendor's rule for seats of accounts; a SKU that no table lists is a seat of what it carries."""
    counted = {plan.id for plan in product.plans if plan.seat}
    seats, inside = list[Bought](), set[str]()
    for row in rows:
        sku_id = to_id(bytes(row.sku))
        for each in carried.get(sku_id, ()):
            if each.product != product.key:
                continue
            if each.kind is not SeatKind.OTHER_PRODUCT:
                seats.append(Bought(row.part_number, row.enabled + row.warning, row.consumed))
            elif each.plans & counted:
                inside.add(titles.get(sku_id, row.part_number))
    return Owned(tuple(seats), tuple(sorted(inside)))
