"""Who holds a seat although the account may not sign in?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if holder.blocked:
            yield about(holder, "blocked", "The account is blocked and cannot use the seat; take it back.")


INSIGHT = Insight("blocked", "Who holds a seat although the account is blocked?", find)
