"""Who holds two plans where the higher one contains the lower?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        ranked = sorted(
            (seat.plan for seat in holder.seats if seat.plan.level is not None),
            key=lambda plan: (plan.level, plan.title),
        )
        for lower in ranked[:-1]:
            yield about(holder, "two-plans", f"{ranked[-1].title} covers it: drop {lower.title}.", lower)


INSIGHT = Insight("two-plans", "Who holds two plans where one would do?", find)
