"""What a database keeps of rows that were deleted, and how it is made to forget them."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from seatkeeper.settings.database import JOURNAL_BYTES

log = logging.getLogger("seatkeeper.store")

PATIENCE = 30  # seconds for each table that somebody reads just then, and for all who read before
POLL = 0.05  # seconds

# The first transaction that has not begun to write, and the oldest that still does, in any database of the server.
_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_OLDEST = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# Every transaction holds a lock of its own, and unlike its snapshot that is shown to any role.
_UNDER_WAY = """SELECT held.virtualtransaction FROM pg_locks held JOIN pg_stat_activity USING (pid)
WHERE held.locktype = 'virtualxid' AND held.granted AND datname = current_database() AND pid <> pg_backend_pid()"""


def erase_after_commit() -> None:
    """Once the transaction is committed, write the database anew without a byte of what was deleted.

    Deleted rows are gone for every query before that; only their bytes may be left in files when this fails.
    """
    transaction.on_commit(_erase)


def _erase() -> None:
    try:
        if connection.vendor == "sqlite":
            _erase_sqlite()
        else:
            _erase_postgresql()
    except DatabaseError as error:
        log.warning("Bytes of deleted rows stay in the database's files until the next deletion: %s", error)


def _erase_sqlite() -> None:
    """Free pages and gaps of the file, then the journal with the pages as they were before."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_size_limit=0")
        try:
            cursor.execute("PRAGMA temp_store=FILE")  # a copy of a large database has no place in memory
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute(f"PRAGMA journal_size_limit={JOURNAL_BYTES}")


def _erase_postgresql() -> None:
    """Dead rows of every table. The server's own log (WAL) and backups are the server's."""
    with connection.cursor() as cursor:
        _wait_for_readers(cursor)
        cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
        try:
            for table in connection.introspection.django_table_names(only_existing=True):
                cursor.execute(f"VACUUM (FULL) {connection.ops.quote_name(table)}")
        finally:
            cursor.execute("RESET lock_timeout")


def _wait_for_readers(cursor: CursorWrapper) -> None:
    """Whatever a transaction under way could still see, VACUUM keeps: that of a reader, or of an ANALYZE by itself.

    How far back anybody sees hangs on the oldest writer, in whichever database of the server; so writers first.
    """
    until, (after,) = time.monotonic() + PATIENCE, _ask(cursor, _NEXT)
    while _ask(cursor, _OLDEST)[0] < after:
        _wait(until)
    before = set(_ask(cursor, _UNDER_WAY))
    while before:
        _wait(until)
        before &= set(_ask(cursor, _UNDER_WAY))


def _ask(cursor: CursorWrapper, question: str) -> list[tuple[Any, ...]]:
    cursor.execute(question)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _wait(until: float) -> None:
    if time.monotonic() > until:
        raise OperationalError(f"a transaction that began before the deletion is still open after {PATIENCE} s")
    time.sleep(POLL)
