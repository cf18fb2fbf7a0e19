"""When things were last used by accounts: one row each, and what was told last holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatkeeper.model import Instant, LastUse
from seatkeeper.store import raw

TABLE: Final = "store_lastuse"

_COLUMNS: Final = ("connection_id", "signal", "account", "used", "last", "read_at")
_KEY: Final = 4


def save_last_uses(connection_id: int, signal: str, rows: Sequence[LastUse], read_at: Instant) -> int:
    """Keep what was told at the moment, and say how many were new; of one that comes twice, the newest."""
    newest: dict[tuple[bytes, str], Instant] = {}
    for account, last, used in rows:
        newest[account, used] = max(last, newest.get((account, used), last))
    values = [(connection_id, signal, *what, last, read_at) for what, last in sorted(newest.items())]
    return raw.upsert(TABLE, _COLUMNS, _KEY, values)
