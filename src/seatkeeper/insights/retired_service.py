"""Whose seat only opens a service that Microsoft has ended, or is about to?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about
from seatkeeper.model import to_text


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        for seat in holder.seats:
            if seat.retired is not None:
                date = to_text(seat.retired)[:10]
                tense = "ended" if seat.retired <= picture.now else "ends"
                yield about(
                    holder,
                    "retired-service",
                    f"All this seat opens is Project Online, which {tense} on {date}.",
                    plan=seat.plan,
                )


INSIGHT = Insight("retired-service", "Whose seat only opens a service that has ended?", find)
