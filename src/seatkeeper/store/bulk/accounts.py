"""Accounts, a page at a time. The caller decides what is new or changed; this only writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from seatkeeper.model import FOREVER, Account, Instant, Key
from seatkeeper.store import raw
from seatkeeper.store.bulk import versions

TABLE: Final = "store_account"

_FIELDS: Final = Account._fields
_COLUMNS: Final = (*_FIELDS, "connection_id", "since", "until", "seen", "first_seen")
_CURRENT: Final = f"connection_id = ? AND since <= ? AND {versions.CURRENT}"
_UNSEEN: Final = "connection_id = ? AND seen <> ?"
_key = itemgetter(0)


def list_current_accounts(
    connection_id: int, keys: Sequence[Key], generation: int
) -> dict[Key, tuple[int, int, Account]]:
    """The version of each account that holds in the generation being written: row id, since, account.

    Keys without one are left out. `since == generation` says that this very generation wrote it.
    """
    found = {}
    for some in raw.chunks(keys):
        condition, values = raw.matching("key", some)
        sql = f"SELECT id, since, {', '.join(_FIELDS)} FROM {TABLE} WHERE {_CURRENT} AND {condition}"
        for row_id, since, *fields in raw.fetch(sql, [connection_id, generation, *values]):
            account = _to_account(fields)
            found[account.key] = (row_id, since, account)
    return found


def insert_accounts(
    connection_id: int, generation: int, enumeration: int, now: Instant, rows: Sequence[Account]
) -> None:
    """New versions, current from this generation on; close an account's version before it.

    Raises django.db.IntegrityError when this generation has written a version of one of them already.
    """
    tail = (connection_id, generation, FOREVER, enumeration, now)
    # In the order of the index: neighbours share its pages, so fewer are read and written.
    raw.insert(TABLE, _COLUMNS, [row + tail for row in sorted(rows, key=_key)])


def insert_unknown_accounts(
    connection_id: int, generation: int, enumeration: int, now: Instant, rows: Sequence[Account]
) -> int:
    """Insert those that this generation has not written yet, and say how many; only for a table's first generation.

    Looking each account up first would cost half as much again as inserting it.
    """
    tail = (connection_id, generation, FOREVER, enumeration, now)
    return raw.insert_unless_there(TABLE, _COLUMNS, [row + tail for row in sorted(rows, key=_key)])


def rewrite_accounts(ids_and_rows: Iterable[tuple[int, Account]], enumeration: int) -> None:
    """New content for versions that this generation wrote: the vendor repeated a row; the last one wins."""
    sets = ", ".join(f"{field} = ?" for field in _FIELDS)
    rows = [(*row, enumeration, row_id) for row_id, row in ids_and_rows]
    raw.run_many(f"UPDATE {TABLE} SET {sets}, seen = ? WHERE id = ?", rows)


def close_accounts(ids: Sequence[int], generation: int) -> None:
    """End versions: from this generation on they hold no more. One that began in it leaves no trace."""
    versions.close_ids(TABLE, generation, ids)


def mark_seen(ids: Sequence[int], enumeration: int) -> None:
    """Note that a full enumeration met these versions and found them unchanged."""
    for some in raw.chunks(ids):
        condition, values = raw.matching("id", some)
        raw.run(f"UPDATE {TABLE} SET seen = ? WHERE {condition}", [enumeration, *values])


def list_unseen(connection_id: int, enumeration: int, after: Key, limit: int) -> list[Account]:
    """Some of the current accounts that the enumeration did not meet, in the order of their keys."""
    sql = f"""SELECT {", ".join(_FIELDS)} FROM {TABLE}
              WHERE {_UNSEEN} AND {versions.CURRENT} AND key > ? ORDER BY key LIMIT ?"""
    return [_to_account(row) for row in raw.fetch(sql, [connection_id, enumeration, after, limit])]


def _to_account(fields: Sequence[Any]) -> Account:
    account = Account._make(fields)
    # SQLite has numbers only.
    return account if account.enabled is None else account._replace(enabled=bool(account.enabled))


def count_unseen(connection_id: int, enumeration: int) -> int:
    """How many current accounts the enumeration did not meet."""
    sql = f"SELECT count(*) FROM {TABLE} WHERE {versions.CURRENT} AND {_UNSEEN}"
    return int(raw.fetch(sql, [connection_id, enumeration])[0][0])


def close_unseen(connection_id: int, generation: int, enumeration: int) -> int:
    """End every current account that a complete enumeration did not meet, and say how many."""
    return versions.close(TABLE, generation, _UNSEEN, [connection_id, enumeration])
