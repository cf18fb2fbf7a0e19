"""From when until when each price of a SKU holds: a new one ends the one before, and takes that back when it goes."""

from __future__ import annotations

from seatkeeper.insights import money
from seatkeeper.services.members import Who
from seatkeeper.store.models import Price


def save(who: Who, price: money.Price, *, example: bool = False) -> Price:
    """The price from its day on. One without an end takes over from an open one before it, which ends the day before.

    One that ends does not: of two that hold the later one counts, and when it is over the open one goes on.
    """
    if price.until is None:
        before = Price.objects.of(who).filter(sku=price.sku, valid_from__lt=price.since, valid_until=None)
        before.update(valid_until=price.since - 1)
    saved, _made = Price.objects.update_or_create(
        organization_id=who.organization_id,
        sku=price.sku,
        valid_from=price.since,
        defaults={
            "amount": price.amount,
            "currency": price.currency,
            "period": price.period,
            "valid_until": price.until,
            "example": example,
        },
    )
    return saved


def delete(who: Who, price: Price) -> None:
    """Without the price. What it took over from goes on, or a mistake that is deleted would leave no price at all."""
    mine = Price.objects.of(who).filter(sku=price.sku)
    if price.valid_until is None:
        mine.filter(valid_until=price.valid_from - 1).update(valid_until=None)
    price.delete()
