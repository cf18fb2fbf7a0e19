"""Rows that were not understood: kept, so that nothing is skipped silently."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from seatkeeper.model import Instant
from seatkeeper.store import raw

TABLE: Final = "store_quarantine"
LONGEST: Final = 64 * 1024  # bytes that are kept of a row: a person reads it; a hostile one has any length

_INSERT: Final = f"""
INSERT INTO {TABLE} (connection_id, task, digest, raw, reason, run_id, first_seen, last_seen, resolved)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (connection_id, task, digest) DO UPDATE SET
reason = excluded.reason, run_id = excluded.run_id,
last_seen = excluded.last_seen, resolved = excluded.resolved"""


def save_quarantine(connection_id: int, task: str, run_id: int, rows: Iterable[tuple[bytes, str]], now: Instant) -> int:
    """Keep each row (raw bytes, reason) once and say how many different ones these were.

    A row that an operator had resolved and that comes again is open again.
    """
    kept = {
        digest: (connection_id, task, digest, row[:LONGEST], reason, run_id, now, now, False)
        for row, reason in rows
        if (digest := hashlib.sha256(row).digest())
    }
    if kept:
        raw.run_many(_INSERT, list(kept.values()))
    return len(kept)
