"""Where are more seats given than bought, or bought ones in their grace period?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_plan
from seatkeeper.insights.base import About, Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for purchase in snapshot.purchases:
        over = purchase.consumed - purchase.bought
        if over > 0:
            advice = f"{over} more seats given than the {purchase.bought} bought."
            if purchase.terms >= purchase.consumed:
                advice = (
                    f"The vendor contradicts itself: {purchase.consumed} seats are given, its subscriptions in force "
                    f"say {purchase.terms}, and the SKU itself {purchase.bought}. Ask the vendor before buying more."
                )
            yield about_plan(purchase.sku, advice)
        elif purchase.warning > 0:
            yield about_plan(
                purchase.sku,
                f"{purchase.warning} seats are in the grace period after their end: renew them or take them back.",
            )


INSIGHT = Insight(
    "over-assigned", "Where are more seats given than bought, or in grace?", find, place=120, about=About.PURCHASE
)
