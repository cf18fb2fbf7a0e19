"""Which subscriptions renew or end soon?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.about import about_plan
from seatkeeper.insights.base import About, Finding, Insight, Snapshot
from seatkeeper.model import to_text

SOON = days(60)  # time enough to take seats back and to order fewer


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for renewing in sorted(snapshot.renewals, key=lambda renewing: renewing.when):
        if not 0 <= renewing.when - snapshot.now <= SOON:
            continue
        day, seats = to_text(renewing.when)[:10], f"{renewing.total} seats"
        if not renewing.in_force:
            advice = f"The subscription of {seats} is no longer in force and ends for good on {day}."
        elif renewing.trial:
            advice = f"The trial ends on {day} with {seats}: decide before then how many are needed."
        else:
            advice = f"The subscription renews or ends on {day} with {seats}: decide before then how many are needed."
        yield about_plan(renewing.sku, advice)._replace(part=renewing.id)


INSIGHT = Insight("renewal", "Which subscriptions renew or end soon?", find, place=130, about=About.PURCHASE)
