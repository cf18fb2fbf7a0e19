"""Who holds a seat, and was not seen once while we could see everything?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about
from seatkeeper.insights.base import Ending, Finding, Holder, Insight, Snapshot
from seatkeeper.insights.evidence import Activity, activity, end_of_absence
from seatkeeper.model import Evidence, Instant


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if activity(holder, snapshot) is Activity.NEVER_SEEN:
            yield about(
                holder,
                "No interactive sign-in since the date shown. Ask the person before taking the seat: use on a "
                "joined device or in the desktop client may leave no trace.",
            )


def _end(holder: Holder, snapshot: Snapshot, use: Instant | None) -> Ending:
    if holder.evidence is Evidence.CONFIRMED:  # be it longer ago than the threshold
        return Ending(over=True, why="used after all")
    return end_of_absence(holder, snapshot, use)


INSIGHT = Insight(
    "never-seen",
    "Who was not seen once while our history is complete?",
    find,
    place=20,
    end=_end,
    of_use=True,
    frees=True,
)
