"""Who used the product once, surely or possibly, and has not for longer than the threshold?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import Finding, Holder, Insight, Snapshot
from seatkeeper.insights.evidence import Activity, activity, end_of_absence, is_known_twice
from seatkeeper.model import Certainty, to_text


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if activity(holder, snapshot) is Activity.INACTIVE:
            advice, certainty = _judge(holder, snapshot)
            yield about_taking(holder, advice, certainty=certainty)


def _judge(holder: Holder, snapshot: Snapshot) -> tuple[str, Certainty]:
    if holder.bound and holder.bound.last is not None and holder.observed_since == holder.bound.last:
        day = to_text(holder.bound.last)[:10]
        words = (
            f"The directory knows of no successful sign-in of the account after {day}, anywhere in the tenant; later "
            "attempts may have failed. Take the seat back; ask first if in doubt."
        )
        return words, Certainty.CERTAIN
    if holder.last_use is None:
        words = "Only what may have been a use was seen, and none of late. Ask whether the seat is needed."
        return words, Certainty.ASK_FIRST
    if is_known_twice(snapshot, snapshot.as_of - snapshot.threshold):
        words = "No sign-in since, neither with a prompt nor without one. Take the seat back; ask first if in doubt."
        return words, Certainty.CERTAIN
    return "Ask whether the seat is still needed; take it back if not.", Certainty.ASK_FIRST


INSIGHT = Insight(
    "unused",
    "Who used it once, and has not for longer than the threshold?",
    find,
    place=30,
    end=end_of_absence,
    of_use=True,
    frees=True,
)
