"""Who holds a licence although another one of theirs has all that is in it?

By the service plans that the tenant itself says its SKUs carry, all of them and of whatever product, so nothing is lost
with the licence; and by those that work for the holder, so that a plan which was switched off in the larger one counts
for nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import About, Finding, Insight, Seat, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    inside = {holder.account: holder.seats for holder in snapshot.apart}
    for holder in snapshot.holders:
        for seat in holder.seats:
            others = [other for other in (*holder.seats, *inside.get(holder.account, ())) if _is_in(seat, other)]
            if others:
                yield about_taking(
                    holder, f"{others[-1].sku.title} has all that is in it: drop {seat.sku.title}.", seat.sku
                )


def _is_in(seat: Seat, other: Seat) -> bool:
    """Of two with the same plans one goes; two that are both ranked are for the finding of two plans to judge."""
    one, larger = seat.sku, other.sku
    if one.key == larger.key or not one.plans or (one.level is not None and larger.level is not None):
        return False
    is_first = one.plans != larger.plans or (one.part_number, one.key) < (larger.part_number, larger.key)
    return one.plans <= larger.plans and seat.in_force <= other.in_force and is_first


INSIGHT = Insight(
    "overlap",
    "Who holds a licence although another one of theirs has all that is in it?",
    find,
    place=45,
    about=About.SEAT,
    frees=True,
    despite_use=True,
)
