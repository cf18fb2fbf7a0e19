"""Who holds a plan for the desktop software, which is activated on no computer of theirs?

By the vendor's report of activations, where a row of it says so; that there is no row says nothing. Only of plans that
add nothing but the desktop software to one for the web: of others more would be lost. A report of use that was uploaded
of late says more, and is judged by itself (higher_plan.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.clock import days
from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Ending, Finding, Holder, Insight, Snapshot
from seatkeeper.insights.facts import of_late
from seatkeeper.model import Certainty, Instant, to_text

ENOUGH: Final = days(30)  # who holds the seat for less may be about to install it
ADDS_THE_DESKTOP: Final = frozenset({"desktop", "web"})  # all that such a plan opens


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        desktop = of_late(holder.facts.desktop, snapshot.now)
        if desktop is None or desktop.activated or _is_reported(holder, snapshot):
            continue
        for seat in holder.seats:
            held = seat.active or holder.active
            if seat.sku.opens != ADDS_THE_DESKTOP or held is None or snapshot.now - held < ENOUGH:
                continue
            advice = (
                f"The vendor's report of activations, which knows until {to_text(desktop.until or 0)[:10]}, says that "
                "the desktop software is activated on no computer of this person: a plan for the web alone would do. "
                "The desktop software would be lost, with what only that can open. Ask first: computers that several "
                "people share are not counted."
            )
            yield about(holder, advice, seat.sku, Certainty.POSSIBLE)


def _is_reported(holder: Holder, snapshot: Snapshot) -> bool:
    return of_late(holder.reported, snapshot.now) is not None


def _end(holder: Holder, snapshot: Snapshot, _use: Instant | None) -> Ending:
    desktop = of_late(holder.facts.desktop, snapshot.now)
    if desktop is None:
        return Ending(over=False, why="no report of late says whether the desktop software is activated")
    return Ending(over=True, why="activated after all" if desktop.activated else "")


INSIGHT = Insight(
    "not-activated",
    "Who holds a plan for the desktop software, which is activated on no computer of theirs?",
    find,
    place=91,
    end=_end,
    about=About.SEAT,
    would_do=lambda held, other: other.opens == held.opens - {"desktop"},
)
