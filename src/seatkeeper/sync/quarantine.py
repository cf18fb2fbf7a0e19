"""Rows that could not be understood: kept raw with the reason, shown, and the run says so.

After an upgrade they are tried again, so that mending the program mends what it had set aside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.db import transaction

from seatkeeper import __version__
from seatkeeper.model import BadRow, SignIn
from seatkeeper.store import bulk, leases
from seatkeeper.sync import checkpoint, searches
from seatkeeper.sync.work import Work

READERS = ("graph", "connectors")
TOGETHER = 500  # rows that are tried again between two commits


def save_bad_rows(work: Work, bad: Sequence[BadRow]) -> int:
    """How many rows of this page were set aside."""
    if not bad:
        return 0
    rows = [(row.raw, row.reason) for row in bad]
    connection = work.task.connection_id
    return bulk.save_quarantine(connection, work.kind.key, work.run.pk, rows, work.clock(), _reader(work))


def _reader(work: Work) -> str:
    """What rows are understood with: when it is another than the last time, trying again is worth it."""
    return f"{__version__} {_code()} {work.connector.data_version}"


@cache
def _code() -> str:
    """A digest of the code that understands rows, so that nobody has to remember to say that it changed."""
    root = Path(__file__).parents[1]
    files = [root / "model.py", *(file for folder in READERS for file in sorted((root / folder).rglob("*.py")))]
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=8).hexdigest()


def try_again(work: Work) -> None:
    """Rows that another version set aside are read with this one.

    A sign-in never changes, so it is saved. What an account or a SKU was then may be old: everything is read instead.
    So is all that the audit log keeps, where the next search would look at the last days alone.
    All of them before the first page: a sign-in that only a page brought would look as if the vendor had told it late.
    """
    connection, total = work.task.connection_id, 0
    while some := bulk.list_set_aside(connection, work.kind.key, _reader(work), TOGETHER):
        stay: list[tuple[int, str]] = []
        understood: list[int] = []
        sign_ins: list[SignIn] = []
        for row in some:
            try:
                record = work.connector.read_again(work.kind, row.raw)
            except ValueError as error:
                stay.append((row.id, str(error)[:200] if row.whole else row.reason))
            else:
                understood.append(row.id)
                sign_ins += [record] if isinstance(record, SignIn) else []
        with transaction.atomic():
            leases.hold(work.task.pk, work.fence)
            bulk.note_tried(stay, _reader(work))
            bulk.resolve_quarantine(understood)
            # Not those that a later reading brought, and not those that are dated ahead of their time.
            now = work.connector.vendor_time(work.clock)
            new = [event for event in sign_ins if event.created <= now and not bulk.is_kept(connection, event)]
            if new:
                work.run.added += bulk.save_sign_ins(connection, new)
            if understood and work.kind.key == "roster":
                checkpoint.forget_progress(work.task)
            if understood and work.kind.key == "audit-events":
                searches.forget_progress(work.task)
        total += len(understood)
        work.check_stop()
    if total:
        work.note(f"{total:,} rows that an earlier version had set aside are understood now.")
