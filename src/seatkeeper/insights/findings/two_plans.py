"""Who holds two plans where one of them opens all that the other does?

What they open decides, not which is called higher: Project Online Premium has no desktop client, and the desktop
client alone is no Plan 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import About, Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if len(holder.seats) < 2:
            continue
        ranked = sorted(
            (seat.sku for seat in holder.seats if seat.sku.level is not None),
            key=lambda sku: (sku.level, sku.title),
        )
        for place, sku in enumerate(ranked):
            covering = [
                other
                for rank, other in enumerate(ranked)
                if other.opens > sku.opens or (other.opens == sku.opens and rank > place)
            ]
            if covering:
                yield about_taking(holder, f"{covering[-1].title} covers it: drop {sku.title}.", sku)


INSIGHT = Insight(
    "two-plans",
    "Who holds two plans where one would do?",
    find,
    place=50,
    about=About.SEAT,
    frees=True,
    despite_use=True,
)
