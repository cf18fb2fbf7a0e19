"""Who was on no page of a complete list is asked for by id before anybody is called gone.

A list skips a row when an earlier one is deleted between two pages: absence alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import NotUnderstood
from seatkeeper.model import Account
from seatkeeper.store import bulk
from seatkeeper.sync import retire
from seatkeeper.sync.checkpoint import ReadInProgress
from seatkeeper.sync.work import Work

TOGETHER = 20  # accounts that are asked for between two commits


def ask(work: Work, reading: ReadInProgress) -> Iterator[RecordPage[Account]]:
    """Pages of those who are there all the same; who is not stays unseen. A run cut short here asks again."""
    if not retire.is_absence_certain(reading) or retire.too_many_missing(work.task, reading):
        return  # nobody will be retired, or a person is asked first
    after, skipped, unclear, vendor = b"", 0, 0, work.connector.vendor
    while some := bulk.list_unseen(work.task.connection_id, reading.enumeration, after, TOGETHER):
        after = some[-1].key
        there: list[Account] = []  # as they are now
        kept: list[Account] = []  # as we know them
        for account in some:
            try:
                told = work.connector.read_account(account.key)
            except NotUnderstood:
                kept.append(account)
            else:
                there += [told] if told else []
        skipped, unclear = skipped + len(there), unclear + len(kept)
        yield RecordPage(there + kept, [])
    if skipped:
        work.note(f"{vendor}'s list left out {skipped:,} accounts that are there: they were asked for by their ids.")
    if unclear:
        work.note(
            f"{vendor} did not understand a question for {unclear:,} accounts that were not in its list; they stay."
        )
