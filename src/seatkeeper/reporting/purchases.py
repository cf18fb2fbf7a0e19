"""What was bought of a product's SKUs, when it renews, and whether it carries other managed products, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from seatkeeper.connectors.catalog import find_product, find_vendor_of
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
    applications = stored.Application.objects.filter(connection_id=connection_id, active=True)
    keys = set(applications.values_list("product", flat=True))
    if len(keys) < 2:
        return set()
    live = {to_id(row.sku): row.plans.split(",") for row in owned}
    carried = find_vendor_of(min(keys)).list_carried([find_product(key) for key in sorted(keys)], live)
    return {
        to_key(sku)
        for sku, told in carried.items()
        if sum(each.kind is not SeatKind.OTHER_PRODUCT for each in told) > 1
    }
