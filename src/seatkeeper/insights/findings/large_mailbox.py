"""Which shared mailboxes, rooms and equipment need a licence, and hold a larger one than that?

One of more than 50 GB, or with an archive, needs Exchange Online Plan 2 and nothing else that a suite has. What kind
of mailbox it is says the vendor's report, in a way that the vendor documents nowhere: so ask first. A smaller one is
for another finding (shared_mailbox.py); where nobody tells size and archive, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.insights.about import about
from seatkeeper.insights.base import About, Finding, Insight, Sku, Snapshot
from seatkeeper.insights.facts import TITLES, Mailbox, of_late
from seatkeeper.insights.findings.shared_mailbox import FREE, GB, end
from seatkeeper.model import Certainty

MAILBOX: Final = frozenset({"exchange"})  # what a SKU opens that is for a mailbox alone
ENOUGH: Final = "EXCHANGEENTERPRISE"  # part number of Exchange Online Plan 2


def find(snapshot: Snapshot) -> Iterator[Finding]:
    for holder in snapshot.holders:
        mailbox = of_late(holder.facts.mailbox, snapshot.now)
        if mailbox is None or mailbox.kind not in TITLES or not _needs_a_licence(mailbox):
            continue
        for seat in holder.seats:
            if seat.sku.opens > MAILBOX:
                advice = (
                    f"The vendor's report calls the mailbox of this account {TITLES[mailbox.kind]}, {_say(mailbox)}: "
                    f"it needs Exchange Online Plan 2, and nothing else of {seat.sku.title}. Check that nobody signs "
                    "in to the account, and give it that licence before this one is taken back."
                )
                yield about(holder, advice, seat.sku, Certainty.ASK_FIRST)


def _needs_a_licence(mailbox: Mailbox) -> bool:
    return bool(mailbox.archive) or (mailbox.size is not None and mailbox.size > FREE)


def _say(mailbox: Mailbox) -> str:
    size = f"of {mailbox.size / GB:.1f} GB" if mailbox.size is not None else "of unknown size"
    return f"{size} and with an archive" if mailbox.archive else size


def _would_do(_held: Sku, other: Sku) -> bool:
    return other.part_number == ENOUGH


INSIGHT = Insight(
    "large-mailbox",
    "Which shared mailboxes need a licence, and hold a larger one than that?",
    find,
    place=94,
    end=end,
    about=About.SEAT,
    would_do=_would_do,
)
