"""Where are more seats given than bought, or bought ones in their grace period?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about_plan


def find(picture: Picture) -> Iterator[Finding]:
    for purchase in picture.purchases:
        over = purchase.consumed - purchase.bought
        if over > 0:
            advice = f"{over} more seats given than the {purchase.bought} bought."
            yield about_plan(purchase.plan, "over-assigned", advice)
        elif purchase.warning > 0:
            yield about_plan(
                purchase.plan,
                "over-assigned",
                f"{purchase.warning} seats are in the grace period after their end: renew them or take them back.",
            )


INSIGHT = Insight("over-assigned", "Where are more seats given than bought, or in grace?", find)
