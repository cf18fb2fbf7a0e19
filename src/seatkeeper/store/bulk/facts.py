"""What signals tell of accounts besides their use: one row each, and what was told last holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatkeeper.model import Instant, LastUse
from seatkeeper.store import raw

TABLE: Final = "store_accountfact"

_COLUMNS: Final = ("connection_id", "signal", "account", "name", "value", "read_at", "until")
_KEY: Final = 4


def save_facts(connection_id: int, signal: str, rows: Sequence[LastUse], read_at: Instant) -> int:
    """Keep what was told at the moment, and say of how many accounts it is new; of one that comes twice, the last.

    Names have become keys before.
    """
    first: dict[object, tuple[object, ...]] = {}
    more: dict[object, tuple[object, ...]] = {}
    for row in rows:
        for place, (name, value) in enumerate(row.facts):
            told = (connection_id, signal, row.account, name, value, read_at, row.until)
            if place:
                more[row.account, name] = told
            else:
                first[row.account] = told
    raw.upsert(TABLE, _COLUMNS, _KEY, list(more.values()))
    return raw.upsert(TABLE, _COLUMNS, _KEY, list(first.values()))
