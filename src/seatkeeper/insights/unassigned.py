"""Which seats were bought and given to nobody?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about_plan


def find(picture: Picture) -> Iterator[Finding]:
    for purchase in picture.purchases:
        free = purchase.bought - purchase.consumed
        if free > 0:
            advice = f"{free} of {purchase.bought} bought seats are given to nobody."
            yield about_plan(purchase.plan, "unassigned", advice, free)


INSIGHT = Insight("unassigned", "Which seats were bought and given to nobody?", find)
