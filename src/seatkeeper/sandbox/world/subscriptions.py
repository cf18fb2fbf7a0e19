"""What the tenant bought of each SKU, how much of it is assigned, and when it is renewed."""

from __future__ import annotations

from collections import Counter
from typing import Final

from seatkeeper.sandbox.world.catalog import MORE, Sku, skus
from seatkeeper.sandbox.world.changes import USUAL
from seatkeeper.sandbox.world.crowd import ROWS, SHEETS
from seatkeeper.sandbox.world.dice import dice, number
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.tenant import Tenant

_FREE: Final = 1_000_000  # units that a tenant has of what costs nothing


def subscriptions(tenant: Tenant, at: int | None = None) -> list[tuple[Sku, int, int]]:
    """Each SKU of the tenant with the seats bought and the seats assigned, now or at a moment of the past."""
    first, now = _first_day(tenant), consumed(tenant, at)
    found = []
    everything = tenant.settings.everything
    may_come = {"PROJECTPROFESSIONAL", "VISIOONLINE_PLAN1", "VISIOCLIENT"}  # with the days
    may_come |= {name for product in (MORE if everything else ()) for name in USUAL[product]}
    for name in sorted({*first, *may_come}):
        spare = dice(tenant.settings.seed, "bought", name).choice((0, 3, 5, 10, 25, -1))
        sku = skus(everything=everything)[name]
        bought = _FREE if sku.kind == "free" else max(first[name] + spare, 1)
        found.append((sku, bought, now[name]))
    return found


def consumed(tenant: Tenant, at: int | None = None) -> Counter[str]:
    """Seats assigned by part number: the first day's count corrected by everybody who changed."""
    now = tenant.tick() if at is None else at
    directory = tenant.directory
    counts = Counter(_first_day(tenant))
    for place in directory.changed:
        if place < directory.people:
            counts.subtract(_held(directory.original(place)))
        counts.update(_held(directory.at(place, now)))
    if tenant.keeps_deleted_seats:
        counts.update(name for person, _left in directory.deleted(now) for name in _held(person))
    return counts


def _first_day(tenant: Tenant) -> Counter[str]:
    """Seats assigned on the first day; each prototype of the crowd counts as often as a block repeats it."""
    if tenant.first_consumed is None:
        directory = tenant.directory
        counts = Counter(name for person in directory.stories for name in _held(person))
        blocks, rest = divmod(directory.people - directory.base, ROWS)
        for sheet in range(min(SHEETS, blocks + 1)):
            whole = len(range(sheet, blocks, SHEETS))
            for row, person in enumerate(directory.crowd.sheet(sheet)):
                times = whole + (sheet == blocks % SHEETS and row < rest)
                for name in _held(person):
                    counts[name] += times
        tenant.first_consumed = counts
    return tenant.first_consumed


def _held(person: Person | None) -> list[str]:
    return [held.sku.part_number for held in person.holdings] if person else []


def renewal_of(tenant: Tenant, sku: Sku, now: int) -> int:
    """When the subscription of a SKU is renewed next, each year on the same day."""
    renewal = tenant.directory.start + (20 + number(tenant.settings.seed, "renewal", sku.id) % 340) * DAY
    return renewal + max(0, -((renewal - now) // (365 * DAY))) * 365 * DAY
