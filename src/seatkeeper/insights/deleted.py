"""Who was deleted with a seat that Microsoft still counts as given?

Deleting an account should free its seats. Where more seats are counted as assigned than the roster has holders, and
somebody who held one was deleted in the last 30 days (so long it can be restored), the seat may still be paid for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Insight, Picture
from seatkeeper.model import to_text

RESTORABLE = days(30)


def find(picture: Picture) -> Iterator[Finding]:
    held = Counter(seat.plan.sku for holder in picture.holders for seat in holder.seats)
    counted = {purchase.plan.sku: purchase.consumed for purchase in picture.purchases}
    for gone in picture.gone:
        extra = counted.get(gone.plan.sku, 0) - held[gone.plan.sku]
        if extra > 0 and picture.now - gone.when <= RESTORABLE:
            advice = (
                f"Deleted by {to_text(gone.when)[:10]}, yet Microsoft counts {extra} more of these seats as given than "
                "the roster has holders. Look under Deleted users, and take the licence off for good."
            )
            yield Finding(
                "deleted", gone.user_id, gone.plan.title, "", None, None, advice, gone.account, (gone.plan.part_number,)
            )


INSIGHT = Insight("deleted", "Who was deleted with a seat that is still counted as given?", find)
