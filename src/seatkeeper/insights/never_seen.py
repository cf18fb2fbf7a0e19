"""Who holds a seat, and was not seen once while we could see everything?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about
from seatkeeper.model import Evidence


def find(picture: Picture) -> Iterator[Finding]:
    if picture.observed is None:
        return
    for holder in picture.holders:
        settled = holder.active is None or picture.observed.end - holder.active >= picture.grace
        if holder.evidence is Evidence.NONE_SEEN and settled:
            yield about(
                holder,
                "never-seen",
                "No interactive sign-in since the date shown. Ask the person before taking the seat: use on a "
                "joined device or in the desktop client may leave no trace.",
            )


INSIGHT = Insight("never-seen", "Who was not seen once while our history is complete?", find)
