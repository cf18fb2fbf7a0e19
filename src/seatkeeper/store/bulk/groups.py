"""The groups that give licences: few rows, of which each run reads all that any account names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from seatkeeper.model import Instant, Key
from seatkeeper.store import raw

TABLE: Final = "store_licensegroup"

_COLUMNS: Final = ("connection_id", "key", "name", "deleted", "read_at")
_KEY: Final = 2


def save_groups(connection_id: int, there: Iterable[tuple[Key, str]], gone: Sequence[Key], read_at: Instant) -> int:
    """What these groups are called, and which are there no more; says how many were new.

    One that is gone keeps the name that it had.
    """
    rows = sorted(dict(there).items())
    new = raw.upsert(TABLE, _COLUMNS, _KEY, [(connection_id, key, name, False, read_at) for key, name in rows])
    new += raw.insert_unless_there(TABLE, _COLUMNS, [(connection_id, key, "", True, read_at) for key in gone])
    for some in raw.chunks(gone):
        which, keys = raw.matching("key", some)
        sql = f"UPDATE {TABLE} SET deleted = ?, read_at = ? WHERE connection_id = ? AND {which}"
        raw.run(sql, [True, read_at, connection_id, *keys])
    return new


def forget_groups(connection_id: int, keep: Iterable[Key]) -> None:
    """Only of these is anything known from now on: no account names any other."""
    keep = set(keep)
    known = raw.fetch(f"SELECT key FROM {TABLE} WHERE connection_id = ?", [connection_id])
    for some in raw.chunks([bytes(key) for (key,) in known if bytes(key) not in keep]):
        which, keys = raw.matching("key", some)
        raw.run(f"DELETE FROM {TABLE} WHERE connection_id = ? AND {which}", [connection_id, *keys])
