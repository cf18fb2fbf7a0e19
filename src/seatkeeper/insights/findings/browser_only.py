"""Who holds a suite with the desktop apps, and is only seen in the browser and on mobile devices?

By the vendor's report of the use of apps, where it says of somebody that they used them in the browser and, in all of
its period, not on a computer; that there is no row says nothing. Where the apps are activated on a computer all the
same, as another report says, nothing is said either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.account_facts import Platform
from seatkeeper.clock import days
from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Ending, Finding, Holder, Insight, Snapshot
from seatkeeper.insights.facts import Used, of_late
from seatkeeper.model import Certainty, Instant, to_text

ENOUGH: Final = days(30)  # who holds the seat for less may be about to install the apps
APPS: Final = "apps"  # what a suite opens that brings the desktop apps
ON_A_COMPUTER: Final = frozenset({Platform.WINDOWS, Platform.MAC})


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        used = of_late(holder.facts.used, snapshot.now)
        if used is None or not _only_in_the_browser(used) or _is_activated(holder):
            continue
        for seat in holder.seats:
            held = seat.active or holder.active
            if APPS not in seat.sku.opens or held is None or snapshot.now - held < ENOUGH:
                continue
            advice = (
                f"The vendor's report, which knows until {to_text(used.until or 0)[:10]}, shows apps in the browser "
                "and on no computer in its whole period: a suite without the desktop apps may do. Check what would be "
                "lost: the desktop apps, a larger mailbox with its archive, storage, and what the suite has for "
                "security and compliance. Ask first: computers that several people share are not counted."
            )
            yield about(holder, advice, seat.sku, Certainty.POSSIBLE)


def _only_in_the_browser(used: Used) -> bool:
    return Platform.WEB in used.platforms and used.platforms.isdisjoint(ON_A_COMPUTER)


def _is_activated(holder: Holder) -> bool:
    return holder.facts.desktop is not None and holder.facts.desktop.activated


def _end(holder: Holder, snapshot: Snapshot, _use: Instant | None) -> Ending:
    used = of_late(holder.facts.used, snapshot.now)
    if used is None:
        return Ending(over=False, why="no report of late says on what the apps were used")
    return Ending(over=True, why="used on a computer after all" if not _only_in_the_browser(used) else "")


INSIGHT = Insight(
    "browser-only",
    "Who holds a suite with the desktop apps, and is only seen in the browser and on mobile devices?",
    find,
    place=93,
    end=_end,
    about=About.SEAT,
    would_do=lambda held, other: other.opens == held.opens - {APPS},
)
