"""When accounts last got in anywhere: one row each, and what was told last holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatkeeper.model import AccountActivity, Instant
from seatkeeper.store import raw

TABLE: Final = "store_accountactivity"

_COLUMNS: Final = ("connection_id", "account", "last", "read_at")
_KEY: Final = 2


def save_activity(connection_id: int, rows: Sequence[AccountActivity], read_at: Instant) -> int:
    """Keep what was told at the moment, and say how many accounts were new; of one that comes twice, the newest."""
    newest: dict[bytes, Instant] = {}
    for account, last in rows:
        newest[account] = max(last, newest.get(account, last))
    return raw.upsert(
        TABLE, _COLUMNS, _KEY, [(connection_id, account, last, read_at) for account, last in sorted(newest.items())]
    )
