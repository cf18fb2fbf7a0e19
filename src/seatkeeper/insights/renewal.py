"""Which subscriptions renew or end soon?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Insight, Picture, about_plan
from seatkeeper.model import to_text

SOON = days(60)  # time enough to take seats back and to order fewer


def find(picture: Picture) -> Iterator[Finding]:
    for renewing in sorted(picture.renewals, key=lambda renewing: renewing.when):
        if 0 <= renewing.when - picture.now <= SOON:
            what = "trial ends" if renewing.trial else "subscription renews or ends"
            advice = (
                f"The {what} on {to_text(renewing.when)[:10]} with {renewing.total} seats: "
                "decide before then how many are needed."
            )
            yield about_plan(renewing.plan, "renewal", advice)


INSIGHT = Insight("renewal", "Which subscriptions renew or end soon?", find)
