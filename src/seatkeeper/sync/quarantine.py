"""Rows that could not be understood: kept raw with the reason, shown, and the run says so.

After an upgrade they are tried again, so that mending the program mends what it had set aside.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from seatkeeper import __version__
from seatkeeper.graph.pages import BadRow
from seatkeeper.model import SignIn
from seatkeeper.store import bulk, leases
from seatkeeper.store.bulk.quarantine import SetAside
from seatkeeper.sync import checkpoint
from seatkeeper.sync.work import LEASE, Work

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
    return f"{__version__} {work.connector.data_version}"


def try_again(work: Work) -> None:
    """Rows that another version set aside are read with this one.

    A sign-in never changes, so it is saved. What an account or a SKU was then may be old: everything is read instead.
    All of them before the first page: a sign-in that only a page brought would look as if Microsoft had told it late.
    """
    understood = 0
    while some := bulk.list_set_aside(work.task.connection_id, work.kind.key, _reader(work), TOGETHER):
        understood += _try(work, some)
        work.check_stop()
    if understood:
        work.note(f"{understood:,} rows that an earlier version had set aside are understood now.")


def _try(work: Work, some: Sequence[SetAside]) -> int:
    """How many of these are understood now; all of them were tried."""
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
        leases.hold(work.task.pk, work.fence, LEASE)
        bulk.note_tried(stay, _reader(work))
        bulk.resolve_quarantine(understood)
        _save(work, sign_ins)
        if understood and work.kind.key == "roster":
            checkpoint.forget_progress(work.task)
    return len(understood)


def _save(work: Work, sign_ins: Sequence[SignIn]) -> None:
    """Those that no later reading brought, and that are not dated ahead of their time."""
    connection, now = work.task.connection_id, work.connector.vendor_time(work.clock)
    new = [row for row in sign_ins if row.created <= now and not bulk.is_kept(connection, row)]
    if new:
        work.run.added += bulk.save_sign_ins(connection, new)
