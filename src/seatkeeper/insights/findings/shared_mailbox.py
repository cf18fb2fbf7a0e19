"""Which shared mailboxes, rooms and equipment hold a seat that we pay for?

What kind of mailbox it is says the vendor's report, in a way that the vendor documents nowhere: so ask first. Such a
mailbox needs no licence while it is small and has no archive. Of a larger one, and of one whose size nobody tells, only
those licences are named that bring no mailbox; large_mailbox.py says which one is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Ending, Finding, Holder, Insight, Seat, Snapshot
from seatkeeper.insights.facts import TITLES, Mailbox, of_late
from seatkeeper.model import Certainty, Instant

GB: Final = 10**9
FREE: Final = 50 * GB  # so large may it be without a licence


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        mailbox = of_late(holder.facts.mailbox, snapshot.now)
        if mailbox is None or mailbox.kind not in TITLES:
            continue
        for seat in holder.seats:
            if seat.sku.mailbox and not _is_free(mailbox):
                continue
            yield about(holder, _advise(mailbox, seat), seat.sku, Certainty.ASK_FIRST)


def _advise(mailbox: Mailbox, seat: Seat) -> str:
    told = f"The vendor's report calls the mailbox of this account {TITLES[mailbox.kind]}"
    if seat.sku.mailbox:
        return (
            f"{told}, of {(mailbox.size or 0) / GB:.1f} GB and without an archive: up to 50 GB it needs no licence. "
            "Check that nobody signs in to the account, and that the mailbox is not on litigation hold (with one, as "
            "with an archive or more than 50 GB, it needs Exchange Online Plan 2). Then take the seat back."
        )
    return (
        f"{told}, which nobody should sign in to, so {seat.sku.title} serves nobody. Check that nobody does, and take "
        "the seat back."
    )


def _is_free(mailbox: Mailbox) -> bool:
    return mailbox.size is not None and mailbox.size <= FREE and mailbox.archive is False


def end(holder: Holder, snapshot: Snapshot, _use: Instant | None) -> Ending:
    if of_late(holder.facts.mailbox, snapshot.now) is None:
        return Ending(over=False, why="no report of late says what kind of mailbox the account has")
    return Ending(over=True)


INSIGHT = Insight(
    "shared-mailbox",
    "Which shared mailboxes, rooms and equipment hold a seat?",
    find,
    place=65,
    end=end,
    about=About.SEAT,
    frees=True,
)
