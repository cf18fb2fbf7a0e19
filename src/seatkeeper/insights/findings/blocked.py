"""Who holds a seat although the account may not sign in?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if holder.blocked:
            yield about_taking(holder, "The account is blocked and cannot use the seat; take it back.")


INSIGHT = Insight(
    "blocked", "Who holds a seat although the account is blocked?", find, place=10, frees=True, despite_use=True
)
