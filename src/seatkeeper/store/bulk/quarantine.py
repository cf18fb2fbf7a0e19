"""Rows that were not understood: kept, so that nothing is skipped silently."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from seatkeeper.model import Instant
from seatkeeper.store import raw

TABLE: Final = "store_quarantine"
LONGEST: Final = 64 * 1024  # bytes that are kept of a row: a person reads it; a hostile one has any length

_INSERT: Final = f"""
INSERT INTO {TABLE} (connection_id, task, digest, raw, reason, run_id, first_seen, last_seen, resolved, tried_with)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (connection_id, task, digest) DO UPDATE SET
reason = excluded.reason, run_id = excluded.run_id,
last_seen = excluded.last_seen, resolved = excluded.resolved, tried_with = excluded.tried_with"""


class SetAside(NamedTuple):
    """A row in quarantine; of one that was longer than what is kept, `raw` is only its beginning."""

    id: int
    raw: bytes
    reason: str
    whole: bool


def save_quarantine(
    connection_id: int, task: str, run_id: int, rows: Iterable[tuple[bytes, str]], now: Instant, tried_with: str = ""
) -> int:
    """Keep each row (raw bytes, reason) once and say how many different ones these were.

    A row that was resolved and that comes again is open again. `tried_with` says what did not understand it.
    """
    kept = {
        digest: (connection_id, task, digest, row[:LONGEST], reason, run_id, now, now, False, tried_with)
        for row, reason in rows
        if (digest := hashlib.sha256(row).digest())
    }
    if kept:
        raw.run_many(_INSERT, list(kept.values()))
    return len(kept)


def list_set_aside(connection_id: int, task: str, tried_with: str, limit: int) -> list[SetAside]:
    """Some open rows that were last tried with something else, the oldest first."""
    sql = f"""SELECT id, raw, reason, digest FROM {TABLE}
              WHERE connection_id = ? AND task = ? AND resolved = ? AND tried_with <> ? ORDER BY id LIMIT ?"""
    rows = raw.fetch(sql, [connection_id, task, False, tried_with, limit])
    return [SetAside(row_id, kept, why, hashlib.sha256(kept).digest() == digest) for row_id, kept, why, digest in rows]


def note_tried(tried: Sequence[tuple[int, str]], tried_with: str) -> None:
    """Rows (id, reason) that were tried with this and stay."""
    rows = [(tried_with, reason, row_id) for row_id, reason in tried]
    raw.run_many(f"UPDATE {TABLE} SET tried_with = ?, reason = ? WHERE id = ?", rows)


def resolve_quarantine(ids: Sequence[int]) -> None:
    """Rows that are understood by now."""
    for some in raw.chunks(ids):
        condition, values = raw.matching("id", some)
        raw.run(f"UPDATE {TABLE} SET resolved = ? WHERE {condition}", [True, *values])


def resolve_unmet(connection_id: int, task: str, run_id: int) -> int:
    """Rows that this run and those after it did not meet, though all was read: the vendor sends them no more."""
    sql = f"UPDATE {TABLE} SET resolved = ? WHERE connection_id = ? AND task = ? AND resolved = ? AND run_id < ?"
    return raw.run(sql, [True, connection_id, task, False, run_id])
