"""Who was deleted with a seat that the vendor still counts as given?

Deleting an account should free its seats. Where more are counted as assigned than accounts have them, and somebody who
held one was deleted in the last 30 days (so long it can be restored), the seat may still be paid for. Whoever was
deleted first is gone for good first, so as many of the newest are named as are counted too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.base import About, Finding, Insight, Snapshot
from seatkeeper.model import Key, to_text

RESTORABLE = days(30)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    counted = {purchase.sku.key: purchase.consumed for purchase in snapshot.purchases}
    named = Counter[Key]()
    for gone in snapshot.gone:
        extra = counted.get(gone.sku.key, 0) - snapshot.given.get(gone.sku.key, 0)
        if extra > named[gone.sku.key] and snapshot.now - gone.when <= RESTORABLE:
            named[gone.sku.key] += 1
            advice = (
                f"Deleted by {to_text(gone.when)[:10]}, yet the vendor counts {extra} more of these seats as given "
                "than accounts have. Look under Deleted users, and take the licence off for good."
            )
            yield Finding("", gone.user_id, gone.sku.title, "", None, None, advice, gone.account, (gone.sku,))


INSIGHT = Insight(
    "deleted",
    "Who was deleted with a seat that is still counted as given?",
    find,
    place=70,
    about=About.SEAT,
    frees=True,
    despite_use=True,
)
