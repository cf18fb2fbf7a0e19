"""Which guests hold a seat that we pay for?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.about import about_taking
from seatkeeper.insights.base import Finding, Insight, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        if holder.guest:
            yield about_taking(holder, "A guest holds a paid seat; check whether their own company licenses it.")


INSIGHT = Insight("guest", "Which guests hold a seat that we pay for?", find, place=60, frees=True)
