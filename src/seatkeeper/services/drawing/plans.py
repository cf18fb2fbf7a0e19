"""Plans to take seats back are followed up whenever a roster was drawn: which of their seats are gone."""

from __future__ import annotations

from seatkeeper.model import Instant
from seatkeeper.store.models import Application, Holding, ReclaimItem

APPROVED = "approved"
PROPOSED, GONE = "proposed", "gone"


def follow_up(application: Application, now: Instant) -> int:
    """Mark the seats of approved plans that the roster shows no more, and say how many."""
    watched = list(ReclaimItem.objects.filter(plan__application=application, plan__state=APPROVED, state=PROPOSED))
    if not watched:
        return 0
    holdings = Holding.objects.filter(application=application).values_list("object_id", "skus")
    held = {(object_id, sku) for object_id, skus in holdings.iterator(2000) for sku in skus.split()}
    gone = [item.pk for item in watched if (item.object_id, item.sku) not in held]
    return sum(
        ReclaimItem.objects.filter(pk__in=gone[start : start + 1000]).update(state=GONE, gone=now)
        for start in range(0, len(gone), 1000)
    )
