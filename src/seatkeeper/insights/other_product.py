"""Who has the product inside another product's licence? They are listed apart and never counted as seats."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    seated = {holder.account for holder in picture.holders}
    for holder in picture.apart:
        advice = (
            "Also holds a seat of its own: check whether this one would do."
            if holder.account in seated
            else "Not counted as a seat: the product comes with this licence."
        )
        yield about(holder, "other-product", advice)


INSIGHT = Insight("other-product", "Who has the product inside another product's licence?", find)
