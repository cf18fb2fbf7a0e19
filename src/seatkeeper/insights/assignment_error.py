"""Whose assignment does Microsoft report as failed?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        for seat in holder.seats:
            if seat.error or seat.state in ("Error", "ActiveWithError"):
                reason = seat.error or seat.state
                yield about(
                    holder,
                    "assignment-error",
                    f"Microsoft reports {reason} for this assignment; open the person's licences in the admin centre.",
                    plan=seat.plan,
                )


INSIGHT = Insight("assignment-error", "Whose assignment does the vendor report as failed?", find)
