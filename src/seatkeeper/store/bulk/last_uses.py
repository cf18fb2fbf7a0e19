"""When things were last used by accounts: one row each, and what was told last holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from seatkeeper.model import Instant, Key, LastUse
from seatkeeper.store import raw

TABLE: Final = "store_lastuse"
WHOLE: Final = ""  # what was used, for use of anything that the signal is about

_COLUMNS: Final = ("connection_id", "signal", "account", "used", "last", "read_at", "until")
_KEY: Final = 4


def save_last_uses(connection_id: int, signal: str, rows: Sequence[LastUse], read_at: Instant) -> int:
    """Keep what was told at the moment, and say how many accounts were new; of one that comes twice, the newest.

    Rows that tell of no use are passed over. The whole is never older than a part that is known: one of several lists
    may tell the parts that another does not. Names have become keys before.
    """
    newest: dict[Key, LastUse] = {}
    last: dict[Key, tuple[Instant, int]] = {}
    for row in rows:
        assert isinstance(row.account, bytes)
        known = last.get(row.account)
        if row.last is not None and (known is None or row.last > known[0]):
            newest[row.account], last[row.account] = row, (row.last, row.until or 0)
    told = sorted(newest.items())
    parts = [
        (connection_id, signal, key, used, day, read_at, row.until)
        for key, row in told
        for used, day in dict(row.parts).items()
    ]
    if parts:
        raw.upsert(TABLE, _COLUMNS, _KEY, parts)
        for key, day in _list_parts(connection_id, signal, list(newest)):
            last[key] = max(last[key], day)
    whole = [
        (connection_id, signal, key, WHOLE, day, read_at, until or None) for key, (day, until) in sorted(last.items())
    ]
    return raw.upsert(TABLE, _COLUMNS, _KEY, whole)


def list_newer(connection_id: int, signal: str, rows: Sequence[LastUse]) -> list[LastUse]:
    """Of parts that are told one by one and in any order, those that are newer than what is known, by account."""
    told: dict[Key, dict[str, Instant]] = {}
    for row in rows:
        assert isinstance(row.account, bytes)
        newest = told.setdefault(row.account, {})
        for used, last in row.parts:
            newest[used] = max(last, newest.get(used, last))
    sql = f"SELECT account, used, last FROM {TABLE} WHERE connection_id = ? AND signal = ? AND "
    for some in raw.chunks(list(told)):
        among, values = raw.matching("account", some)
        for key, used, last in raw.fetch(sql + among, [connection_id, signal, *values]):
            if told[bytes(key)].get(used, last + 1) <= last:
                del told[bytes(key)][used]
    return [LastUse(key, max(parts.values()), None, tuple(parts.items())) for key, parts in told.items() if parts]


def _list_parts(connection_id: int, signal: str, accounts: Sequence[Key]) -> Iterator[tuple[Key, tuple[Instant, int]]]:
    """All that is known of the parts that these accounts used, told now or before."""
    sql = f"SELECT account, last, until FROM {TABLE} WHERE connection_id = ? AND signal = ? AND used <> ? AND "
    for some in raw.chunks(accounts):
        among, values = raw.matching("account", some)
        for key, last, until in raw.fetch(sql + among, [connection_id, signal, WHOLE, *values]):
            yield bytes(key), (last, until or 0)
