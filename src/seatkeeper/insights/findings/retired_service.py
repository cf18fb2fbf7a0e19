"""Whose seat only opens a service that the vendor has ended, or is about to?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import About, Finding, Insight, Snapshot
from seatkeeper.model import to_text


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        for seat in holder.seats:
            if seat.retired is not None:
                date = to_text(seat.retired)[:10]
                tense = "ended" if seat.retired <= snapshot.now else "ends"
                yield about_taking(
                    holder,
                    f"All this seat opens is {seat.retired_service}, which {tense} on {date}.",
                    sku=seat.sku,
                )


INSIGHT = Insight(
    "retired-service", "Whose seat only opens a service that has ended?", find, place=40, about=About.SEAT, frees=True
)
