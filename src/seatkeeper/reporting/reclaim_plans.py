"""Plans to take seats back are followed up by each refresh: what is gone, what is excepted, and what seats cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seatkeeper.insights.base import Snapshot
from seatkeeper.insights.groups import to_titles
from seatkeeper.insights.money import Balance
from seatkeeper.model import Instant, to_id, to_key
from seatkeeper.reporting.skus import list_assigned
from seatkeeper.store.models import Application, ReclaimItem, SeatHolder

APPROVED, CLOSED = "approved", "closed"
PROPOSED, EXCEPTED, GONE = "proposed", "excepted", "gone"


def follow_up(application: Application, now: Instant, snapshot: Snapshot, balance: Balance) -> None:
    """Mark the seats of open plans that are gone, or back again, and those that an exception covers by now.

    A seat that is gone keeps what it cost that day, and how it was assigned.
    """
    plans = ReclaimItem.objects.filter(plan__application=application).exclude(plan__state=CLOSED)
    _tell_ways(list(plans), snapshot)
    watched = list(plans.filter(state__in=(PROPOSED, EXCEPTED, GONE)).select_related("plan"))
    if not watched:
        return
    held = list_held(application, watched)
    excepted = {(to_id(account), to_id(sku)) for account, sku in balance.excepted_seats if account}
    changed: dict[str, list[int]] = {PROPOSED: [], EXCEPTED: [], GONE: []}
    for item in watched:
        seat = item.object_id, item.sku
        state = GONE if seat not in held else EXCEPTED if seat in excepted else PROPOSED
        if state != item.state and (state != GONE or item.plan.state == APPROVED):
            changed[state].append(item.pk)
    for state, ids in changed.items():
        for start in range(0, len(ids), 1000):
            some = ReclaimItem.objects.filter(pk__in=ids[start : start + 1000])
            some.update(state=state, gone=now if state == GONE else None)
    for position in balance.positions:
        plans.exclude(state=GONE).filter(sku=to_id(position.sku.key)).update(cost=position.price)


def _tell_ways(items: Sequence[ReclaimItem], snapshot: Snapshot) -> None:
    """How these seats are assigned now, by groups as they are called now."""
    people = {to_key(item.object_id) for item in items}
    ways = {
        (to_id(holder.account), to_id(seat.sku.key)): (seat.assigned_by, to_titles(seat.groups))
        for holder in snapshot.holders
        if holder.account in people
        for seat in holder.seats
    }
    changed: dict[tuple[str, str], list[int]] = {}
    for item in items:
        told = item.assigned_by, item.groups
        if (way := ways.get((item.object_id, item.sku), told)) != told:
            changed.setdefault(way, []).append(item.pk)
    for (assigned_by, groups), ids in changed.items():
        for start in range(0, len(ids), 1000):
            some = ReclaimItem.objects.filter(pk__in=ids[start : start + 1000])
            some.update(assigned_by=assigned_by, groups=groups)


def list_held(application: Application, items: Iterable[ReclaimItem]) -> set[tuple[str, str]]:
    """All seats that people hold, by person and SKU; of the people of these items also those that give no access."""
    seat_holders = SeatHolder.objects.filter(application=application).values_list("object_id", "skus")
    held = {(object_id, sku) for object_id, skus in seat_holders.iterator(2000) for sku in skus.split()}
    lost = {item.object_id for item in items if (item.object_id, item.sku) not in held}
    return held | {(object_id, sku) for object_id, skus in list_assigned(application, lost).items() for sku in skus}
