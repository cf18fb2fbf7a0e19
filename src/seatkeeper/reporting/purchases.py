"""What was bought of a product's SKUs, when it renews, and whether it carries other managed products, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from seatkeeper.connectors.catalog import find_product
from seatkeeper.connectors.products import SkuKind
from seatkeeper.insights.base import Holder, RenewingSubscription, Subscription
from seatkeeper.model import Key, SeatKind, to_id, to_key
from seatkeeper.reporting.seats import Skus
from seatkeeper.store import models as stored
from seatkeeper.store.queries import roster

FREE: Final = 1_000_000  # units of what costs nothing, or is bought by capacity; nobody buys so many seats


def to_purchases(
    owned: Sequence[stored.Subscription], renewals: Sequence[stored.Renewal], skus: Skus, holders: Sequence[Holder]
) -> list[Subscription]:
    """What was bought of the SKUs that count as seats."""
    unlisted = {seat.sku.key for holder in holders for seat in holder.seats if seat.kind == SeatKind.UNLISTED}
    purchases = []
    for s in owned:
        sku = bytes(s.sku)
        if sku not in unlisted and not skus.is_seat(sku):
            continue
        in_force = [row for row in renewals if bytes(row.sku) == sku and roster.is_in_force(row)]
        only_trials = in_force and all(row.trial for row in in_force)
        unpaid = (
            s.enabled + s.warning
            if only_trials or s.enabled >= FREE
            else sum(row.total for row in in_force if row.trial)
        )
        terms = sum(row.total for row in in_force)
        purchases.append(
            Subscription(skus.of(sku), s.status, s.enabled, s.warning, s.suspended, s.consumed, unpaid, terms)
        )
    return purchases


def to_renewals(renewals: Iterable[stored.Renewal], skus: Skus) -> list[RenewingSubscription]:
    """The commercial subscriptions of the product's SKUs that say when they renew."""
    return [
        RenewingSubscription(
            skus.of(sku), row.total, row.trial, row.next_lifecycle, roster.is_in_force(row), row.subscription
        )
        for row in renewals
        if row.next_lifecycle is not None and row.status.casefold() != "deleted" and skus.is_seat(sku := bytes(row.sku))
    ]


def list_shared(connection_id: int, owned: Iterable[stored.Subscription]) -> set[Key]:
    """The SKUs whose seats carry several of the products that are managed in the tenant."""
    keys = set(
        stored.Application.objects.filter(connection_id=connection_id, active=True).values_list("product", flat=True)
    )
    products = [find_product(key) for key in keys]
    live = {to_id(row.sku): set(row.plans.split(",")) for row in owned}
    skus = {*live, *(sku.id for product in products for sku in product.skus)} if len(keys) > 1 else set()
    carried: Counter[str] = Counter()
    for product in products:
        listed = {sku.id: sku.kind is SkuKind.SEAT for sku in product.skus}
        for sku in skus:
            # A SKU that the product data does not list carries what the tenant says is in it.
            in_it = live.get(sku, set())
            carried[sku] += listed.get(sku, any(plan.seat and plan.id in in_it for plan in product.plans))
    return {to_key(sku) for sku, number in carried.items() if number > 1}
