"""Which guests hold a seat that we pay for?"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.insights.base import Finding, Insight, Picture, about


def find(picture: Picture) -> Iterator[Finding]:
    for holder in picture.holders:
        if holder.guest:
            yield about(holder, "guest", "A guest holds a paid seat; check whether their own company licenses it.")


INSIGHT = Insight("guest", "Which guests hold a seat that we pay for?", find)
