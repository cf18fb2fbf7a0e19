"""Who was deleted with a seat that Microsoft still counts as given?

Deleting an account should free its seats. Where more are counted as assigned than accounts have them, and somebody who
held one was deleted in the last 30 days (so long it can be restored), the seat may still be paid for. Whoever was
deleted first is gone for good first, so as many of the newest are named as are counted too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Insight, Picture
from seatkeeper.model import Key, to_text

RESTORABLE = days(30)


def find(picture: Picture) -> Iterator[Finding]:
    counted = {purchase.plan.sku: purchase.consumed for purchase in picture.purchases}
    named = Counter[Key]()
    for gone in picture.gone:
        extra = counted.get(gone.plan.sku, 0) - picture.given.get(gone.plan.sku, 0)
        if extra > named[gone.plan.sku] and picture.now - gone.when <= RESTORABLE:
            named[gone.plan.sku] += 1
            advice = (
                f"Deleted by {to_text(gone.when)[:10]}, yet Microsoft counts {extra} more of these seats as given than "
                "accounts have. Look under Deleted users, and take the licence off for good."
            )
            yield Finding(
                "deleted", gone.user_id, gone.plan.title, "", None, None, advice, gone.account, (gone.plan.part_number,)
            )


INSIGHT = Insight("deleted", "Who was deleted with a seat that is still counted as given?", find)
