"""Who used the product once, and has not for longer than the threshold?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about
from seatkeeper.insights.evidence import Activity, activity, is_settled


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if activity(holder, picture) is Activity.INACTIVE and is_settled(holder, picture):
            yield about(holder, "unused", "Ask whether the seat is still needed; take it back if not.")


INSIGHT = Insight("unused", "Who used it once, and has not for longer than the threshold?", find)
