"""Who holds a licence to make things, and is only seen to look at what others made?

By acts that the vendor's log holds, while it is read: looks of late, and nothing else in all that time. The log may
lack some, and whoever looks needs the licence all the same where what they look at lies in no capacity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.clock import days
from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Ending, Finding, Holder, Insight, Snapshot
from seatkeeper.insights.facts import Acts, of_late
from seatkeeper.model import Certainty, Instant, to_text

ENOUGH: Final = days(90)  # shorter, and the seat held for less, says too little about a person


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        acts = of_late(holder.facts.acts, snapshot.now)
        if acts is None or not _only_looks(acts):
            continue
        for seat in holder.seats:
            held = seat.active or holder.active
            if held is None or acts.until - held < ENOUGH:
                continue
            advice = (
                f"The vendor's audit log of the {ENOUGH // days(1)} days up to {to_text(acts.until)[:10]} shows looks "
                f"at what others made, and nothing else. Whoever only looks needs no {seat.sku.title} where what they "
                "look at lies in a capacity. Without it they could not publish, edit and share, nor see what lies in "
                "no capacity: ask first. The log may leave acts out."
            )
            yield about(holder, advice, seat.sku, Certainty.POSSIBLE)


def _only_looks(acts: Acts) -> bool:
    since = acts.until - ENOUGH
    return acts.viewed is not None and acts.viewed >= since and (acts.made is None or acts.made < since)


def _end(holder: Holder, snapshot: Snapshot, _use: Instant | None) -> Ending:
    acts = of_late(holder.facts.acts, snapshot.now)
    if acts is None:
        return Ending(over=False, why="the audit log has not been read of late")
    if acts.made is not None and acts.made >= acts.until - ENOUGH:
        return Ending(over=True, why="did more than look")
    return Ending(over=True)


INSIGHT = Insight(
    "only-viewing",
    "Who holds a licence to make things, and is only seen to look at what others made?",
    find,
    place=92,
    end=_end,
    about=About.SEAT,
    may_be_needless=True,
)
