"""The seats of a person as insights see them: which plan, since when, and until when the vendor offers it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from seatkeeper.connectors.microsoft.products import Product
from seatkeeper.insights.base import HeldSeat, Plan
from seatkeeper.model import ActiveSource, Instant, Key, to_id, to_instant
from seatkeeper.store import listing
from seatkeeper.store.models import Subscription


class Plans:
    """SKUs by their key, from the product data, completed by what the tenant says it owns."""

    def __init__(self, product: Product, owned: Iterable[Subscription]) -> None:
        self.listed = {sku.id: sku for sku in product.skus}
        self.owned = {to_id(row.sku): row for row in owned}
        self.kinds = {plan.id: plan.class_ for plan in product.plans if plan.seat}
        self.retires = {plan.name: plan.retires for plan in product.plans}
        self._known: dict[Key, Plan] = {}
        self._ends: dict[str, Instant | None] = {}

    def of(self, key: Key) -> Plan:
        if key not in self._known:
            self._known[key] = self._find(key)
        return self._known[key]

    def _find(self, key: Key) -> Plan:
        sku_id = to_id(key)
        sku, owned = self.listed.get(sku_id), self.owned.get(sku_id)
        carried = {*(sku.plans if sku else ()), *(owned.plans.split(",") if owned else ())}
        kinds = {self.kinds[plan] for plan in carried & self.kinds.keys()}
        if kinds & {"online", "web"}:
            kinds.add("essentials")  # who may plan may also do what a team member does
        name = owned.part_number if owned else sku_id
        if sku is None:
            return Plan(key, name, name, None, frozenset(kinds))
        return Plan(key, sku.part_number, sku.title, sku.level, frozenset(kinds))

    def retired(self, names: str) -> Instant | None:
        """When the last of the plans in force ends, if the vendor ends all of them."""
        if names not in self._ends:
            ends = [self.retires.get(name) for name in names.split(",")]
            self._ends[names] = to_instant(f"{max(filter(None, ends))}T00:00:00Z") if all(ends) else None
        return self._ends[names]


def to_held_seats(rows: Iterable[listing.SeatRow], plans: Plans) -> tuple[HeldSeat, ...]:
    """The seats of one person, with their plans by name."""
    return tuple(_to_held_seat(row, plans) for row in rows)


def _to_held_seat(row: listing.SeatRow, plans: Plans) -> HeldSeat:
    same = sys.intern  # one object for all of a hundred thousand people who are told of with the same word
    return HeldSeat(
        plans.of(row.sku),
        same(row.kind),
        row.active,
        same(row.active_source),
        same(row.assigned_by),
        same(row.state),
        same(row.error),
        plans.retired(row.plans),
    )


_DATES: Final = ((ActiveSource.PLAN, min), (ActiveSource.STATE, max), (ActiveSource.CREATED, min))


def active_date(seats: Sequence[HeldSeat]) -> tuple[Instant | None, str]:
    """A person's Active Date: the earliest plan date, else the newest licence change, else the account's creation."""
    for source, choose in _DATES:
        dates = [seat.active for seat in seats if seat.active_source == source and seat.active is not None]
        if dates:
            return choose(dates), source
    return None, ""
