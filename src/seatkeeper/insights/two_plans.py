"""Who holds two plans where one of them opens all that the other does?

What they open decides, not which is called higher: Project Online Premium has no desktop client, and the desktop
client alone is no Plan 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if len(holder.seats) < 2:
            continue
        ranked = sorted(
            (seat.plan for seat in holder.seats if seat.plan.level is not None),
            key=lambda plan: (plan.level, plan.title),
        )
        for place, plan in enumerate(ranked):
            covering = [
                other
                for rank, other in enumerate(ranked)
                if other.opens > plan.opens or (other.opens == plan.opens and rank > place)
            ]
            if covering:
                yield about(holder, "two-plans", f"{covering[-1].title} covers it: drop {plan.title}.", plan)


INSIGHT = Insight("two-plans", "Who holds two plans where one would do?", find)
