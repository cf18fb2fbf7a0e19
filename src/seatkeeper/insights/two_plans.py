"""Who holds two plans where the higher one contains the lower?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        levels = [(seat.plan.level, seat.plan.title) for seat in holder.seats if seat.plan.level is not None]
        if len(levels) < 2:
            continue
        best, title = max(levels)
        for level, lower in sorted(levels)[:-1]:
            if level <= best:
                yield about(holder, "two-plans", f"{title} covers it: drop {lower}.", plan=lower)


INSIGHT = Insight("two-plans", "Who holds two plans where one would do?", find)
