"""Whose assignment does the vendor report as failed?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        for seat in holder.seats:
            if seat.error or seat.state in ("Error", "ActiveWithError"):
                reason = seat.error or seat.state
                yield about(
                    holder,
                    f"The vendor reports {reason} for this assignment; open the person's licences in the admin centre.",
                    sku=seat.sku,
                )
    for one in snapshot.failed:
        advice = f"The vendor reports {one.error}: the seat was not given. Mend it in the admin centre or take it back."
        yield Finding("", one.user_id, one.sku.title, "", None, None, advice, one.account, (one.sku,))


INSIGHT = Insight(
    "assignment-error", "Whose assignment does the vendor report as failed?", find, place=110, about=About.SEAT
)
