"""Who has the product inside another product's licence? They are listed apart and never counted as seats."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about
from seatkeeper.insights.base import Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    seated = {holder.account for holder in snapshot.holders}
    for holder in snapshot.apart:
        advice = (
            "Also holds a seat of its own: check whether this one would do."
            if holder.account in seated
            else "Not counted as a seat: the product comes with this licence."
        )
        yield about(holder, advice)


INSIGHT = Insight("other-product", "Who has the product inside another product's licence?", find, place=100)
