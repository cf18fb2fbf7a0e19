"""Who used the product once, surely or possibly, and has not for longer than the threshold?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about
from seatkeeper.insights.base import Finding, Holder, Insight, Snapshot
from seatkeeper.insights.evidence import Activity, activity, end_of_absence, is_known_twice
from seatkeeper.model import to_text


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if activity(holder, snapshot) is Activity.INACTIVE:
            yield about(holder, _advice(holder, snapshot))


def _advice(holder: Holder, snapshot: Snapshot) -> str:
    if holder.bound and holder.bound.last is not None and holder.observed_since == holder.bound.last:
        day = to_text(holder.bound.last)[:10]
        return (
            f"The directory knows of no successful sign-in of the account after {day}, anywhere in the tenant; later "
            "attempts may have failed. Take the seat back; ask first if in doubt."
        )
    if holder.last_use is None:
        return "Only what may have been a use was seen, and none of late. Ask whether the seat is needed."
    if is_known_twice(snapshot, snapshot.as_of - snapshot.threshold):
        return "No sign-in since, neither with a prompt nor without one. Take the seat back; ask first if in doubt."
    return "Ask whether the seat is still needed; take it back if not."


INSIGHT = Insight(
    "unused",
    "Who used it once, and has not for longer than the threshold?",
    find,
    place=30,
    end=end_of_absence,
    of_use=True,
    frees=True,
)
