"""Who holds a higher plan than the use of the product supports?

Sign-ins cannot tell the desktop client from the web, so this stands on the vendor's own activity report alone: all
of its period without the desktop client, and with use on the web, which the lowest plan covers.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.clock import days
from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Ending, Finding, Holder, Insight, Reported, Sku, Snapshot
from seatkeeper.insights.facts import of_late
from seatkeeper.model import Certainty, Instant

ENOUGH = days(30)  # a shorter report says too little about a person
WEB_PLAN = 1  # the level of the plan that covers the web


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        reported = holder.reported
        if reported is None or reported.web <= 0 or reported.desktop != 0 or not _is_fit(reported, snapshot):
            continue
        if (best := _best_plan(holder)) is not None:
            advice = (
                f"The activity report shows use on the web and none of the desktop client in "
                f"{reported.period // days(1)} days: a plan for the web alone would do. Ask first: a person's "
                "privacy settings can hide the desktop client."
            )
            yield about(holder, advice, best, Certainty.POSSIBLE)


def _best_plan(holder: Holder) -> Sku | None:
    """The highest plan above the one that covers the web."""
    higher = [seat.sku for seat in holder.seats if (seat.sku.level or 0) > WEB_PLAN]
    return max(higher, key=lambda sku: sku.level or 0, default=None)


def _is_fit(reported: Reported, snapshot: Snapshot) -> bool:
    return of_late(reported, snapshot.now) is not None and reported.period >= ENOUGH


def _end(holder: Holder, snapshot: Snapshot, _use: Instant | None) -> Ending:
    fit = holder.reported is not None and _is_fit(holder.reported, snapshot)
    if fit or _best_plan(holder) is None:
        return Ending(over=True)
    return Ending(over=False, why="no new activity report says anything of this person")


INSIGHT = Insight(
    "higher-plan",
    "Who holds a higher SKU than their use supports?",
    find,
    place=90,
    end=_end,
    about=About.SEAT,
    would_do=lambda _held, other: other.level == WEB_PLAN,
)
