"""Who holds a seat, and was not seen once while we could see everything?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import Ending, Finding, Holder, Insight, Snapshot
from seatkeeper.insights.evidence import Activity, activity, end_of_absence, is_known_twice
from seatkeeper.model import Certainty, Evidence, Instant

SURE: Final = (
    "No sign-in since the date shown, neither with a prompt nor without one. Take the seat back; ask first if in doubt."
)
ASK_FIRST: Final = (
    "No interactive sign-in since the date shown. Ask the person before taking the seat: use on a joined device or in "
    "the desktop client may leave no trace."
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if activity(holder, snapshot) is Activity.NEVER_SEEN:
            if is_known_twice(snapshot, holder.observed_since):
                yield about_taking(holder, SURE)
            else:
                yield about_taking(holder, ASK_FIRST, certainty=Certainty.ASK_FIRST)


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
