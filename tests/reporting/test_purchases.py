"""What counts as bought for people to use a product, over every SKU of every product."""

from __future__ import annotations

import pytest

from seatkeeper.connectors.catalog import find_vendor_of, list_products
from seatkeeper.connectors.products import Product, SkuKind
from seatkeeper.model import SeatKind, to_key
from seatkeeper.reporting.purchases import to_purchases
from seatkeeper.reporting.seats import Skus
from seatkeeper.store.models import Subscription


@pytest.mark.parametrize("product", list_products(), ids=lambda product: product.key)
def test_only_seats_are_purchases_never_what_is_free_a_trial_for_a_device_or_capacity(product: Product) -> None:
    rows = [
        Subscription(sku=to_key(sku.id), part_number=sku.part_number, enabled=10, warning=0, suspended=0, consumed=5,
                     plans=",".join(sku.plans))
        for sku in product.skus
    ]  # fmt: skip
    bought = {purchase.sku.key for purchase in to_purchases(rows, [], Skus(product, rows), [])}
    assert bought == {to_key(sku.id) for sku in product.skus if sku.kind is SkuKind.SEAT}
    assert bought
    # And no account holds a seat by any of the others.
    kinds = {sku.id: sku.kind for sku in product.skus}
    carried = find_vendor_of(product.key).list_carried([product], {})
    counted = {sku for sku, told in carried.items() if any(each.kind is not SeatKind.OTHER_PRODUCT for each in told)}
    assert {kinds[sku] for sku in counted} == {SkuKind.SEAT}
