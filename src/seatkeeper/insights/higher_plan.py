"""Who holds a higher plan than the use of the product supports?

Sign-ins cannot tell the desktop client from the web, so this stands on the vendor's own activity report alone: all
of its period without the desktop client, and with use on the web, which Plan 1 covers.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Insight, Picture, Reported, about

ENOUGH = days(30)  # a shorter report says too little about a person
STALE = days(30)  # so does an old one
WEB_PLAN = 1  # the level of the plan that covers the web


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if holder.reported is None or not _is_web_only(holder.reported, picture):
            continue
        ranked = [seat.plan for seat in holder.seats if seat.plan.level is not None]
        if not ranked:
            continue
        best = max(ranked, key=lambda plan: plan.level or 0)
        if (best.level or 0) > WEB_PLAN:
            advice = (
                f"The activity report shows use on the web and none of the desktop client in "
                f"{holder.reported.period // days(1)} days: Plan 1 would do. Ask first: a person's privacy "
                "settings can hide the desktop client."
            )
            yield about(holder, "higher-plan", advice, best)


def _is_web_only(reported: Reported, picture: Picture) -> bool:
    fresh = picture.now - reported.until <= STALE and reported.period >= ENOUGH
    return fresh and reported.web > 0 and reported.desktop == 0


INSIGHT = Insight("higher-plan", "Who holds a higher plan than their use supports?", find)
