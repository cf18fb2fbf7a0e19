"""Who holds a seat, and was not seen once while we could see everything?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about
from seatkeeper.insights.evidence import is_settled
from seatkeeper.model import Evidence


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if holder.evidence is Evidence.NONE_SEEN and is_settled(holder, picture):
            yield about(
                holder,
                "never-seen",
                "No interactive sign-in since the date shown. Ask the person before taking the seat: use on a "
                "joined device or in the desktop client may leave no trace.",
            )


INSIGHT = Insight("never-seen", "Who was not seen once while our history is complete?", find)
