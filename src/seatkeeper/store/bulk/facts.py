"""What signals tell of accounts besides their use: one row each, and what was told last holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatkeeper.model import Instant, Key, LastUse
from seatkeeper.store import raw

TABLE: Final = "store_accountfact"

_COLUMNS: Final = ("connection_id", "signal", "account", "name", "value", "read_at", "until")
_KEY: Final = 4


def save_facts(connection_id: int, signal: str, rows: Sequence[LastUse], read_at: Instant) -> int:
    """Keep what was told at the moment, and say of how many accounts it is new; of one that comes twice, the last.

    Names have become keys before.
    """
    told: dict[tuple[Key, str], raw.Row] = {}
    for row in rows:
        assert isinstance(row.account, bytes)
        for name, value in row.facts:
            told[row.account, name] = (connection_id, signal, row.account, name, value, read_at, row.until)
    first = dict(sorted(told, reverse=True))  # of each account one: they are counted
    raw.upsert(TABLE, _COLUMNS, _KEY, [one for key, one in sorted(told.items()) if first[key[0]] != key[1]])
    return raw.upsert(TABLE, _COLUMNS, _KEY, [told[key] for key in sorted(first.items())])
