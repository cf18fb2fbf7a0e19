"""When things were last used by accounts: one row each, and what was told last holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatkeeper.model import Instant, Key, LastUse
from seatkeeper.store import raw

TABLE: Final = "store_lastuse"
WHOLE: Final = ""  # what was used, for use of anything that the signal is about

_COLUMNS: Final = ("connection_id", "signal", "account", "used", "last", "read_at", "until")
_KEY: Final = 4


def save_last_uses(connection_id: int, signal: str, rows: Sequence[LastUse], read_at: Instant) -> int:
    """Keep what was told at the moment, and say how many accounts were new; of one that comes twice, the newest.

    Names have become keys before.
    """
    newest: dict[Key, LastUse] = {}
    for row in rows:
        assert isinstance(row.account, bytes)
        known = newest.get(row.account)
        if known is None or row.last > known.last:
            newest[row.account] = row
    told = sorted(newest.items())
    whole = [(connection_id, signal, key, WHOLE, row.last, read_at, row.until) for key, row in told]
    parts = [
        (connection_id, signal, key, used, last, read_at, row.until)
        for key, row in told
        for used, last in dict(row.parts).items()
    ]
    if parts:
        raw.upsert(TABLE, _COLUMNS, _KEY, parts)
    return raw.upsert(TABLE, _COLUMNS, _KEY, whole)
