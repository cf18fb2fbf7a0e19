"""Of whom does the vendor's own report tell no use for a month or longer, where nothing else shows any?

A report may leave people out, so the lack of a day proves nothing: this names whom to ask, and calls no seat unused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.clock import days
from seatkeeper.insights.about import about
from seatkeeper.insights.base import Ending, Finding, Holder, Insight, Snapshot
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.model import Certainty, Instant, to_text

FRESH: Final = days(10)  # a report is two to nine days behind when all is well
STEPS: Final = (90, 60, 30)  # days; the longest that fits is told
SURER: Final = (Activity.INACTIVE, Activity.NEVER_SEEN)  # for which another finding has proof


def find(snapshot: Snapshot) -> Iterator[Finding]:
    until = snapshot.reported
    if until is None or not _is_fresh(snapshot):
        return
    for holder in snapshot.holders:
        # Held since then and not seen: of who got the seat on an unknown day and never came, nobody knows how long.
        since = max((moment for moment in (_last_use(holder), holder.active) if moment is not None), default=None)
        gone = 0 if since is None else (until - since) // days(1)
        step = next((step for step in STEPS if gone >= step), None)
        if step and not holder.blocked and activity(holder, snapshot) not in SURER:
            advice = (
                f"The vendor's report, which knows until {to_text(until)[:10]}, names no use in {step} days or more. A "
                "report may leave people out, so ask first whether the seat is needed."
            )
            yield about(holder, advice, certainty=Certainty.POSSIBLE)


def _last_use(holder: Holder) -> Instant | None:
    """The newest use, sure or possible; that somebody got in anywhere at all is none."""
    return max((seen.last for seen in holder.signals if seen.last is not None and not seen.bounds), default=None)


def _is_fresh(snapshot: Snapshot) -> bool:
    return snapshot.reported is not None and snapshot.now - snapshot.reported <= FRESH


def _end(holder: Holder, snapshot: Snapshot, use: Instant | None) -> Ending:
    if (_last_use(holder) or 0) > (use or 0):
        return Ending(over=True, why="used after all")
    if not _is_fresh(snapshot):
        return Ending(over=False, why="the vendor's report is too old to say anything")
    return Ending(over=True)


INSIGHT = Insight(
    "unreported",
    "Of whom does the vendor's own report tell no use for a month or longer?",
    find,
    place=95,
    end=_end,
    may_be_needless=True,
)
