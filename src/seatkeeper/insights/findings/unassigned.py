"""Which seats were bought and given to nobody?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_plan
from seatkeeper.insights.base import About, Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for purchase in snapshot.purchases:
        free = purchase.paid - purchase.consumed
        if free > 0:
            advice = f"{free} of {purchase.paid} bought seats are given to nobody."
            yield about_plan(purchase.sku, advice, free)


INSIGHT = Insight(
    "unassigned", "Which seats were bought and given to nobody?", find, place=80, about=About.PURCHASE, frees=True
)
