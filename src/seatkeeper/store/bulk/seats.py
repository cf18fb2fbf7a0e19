"""Seats, in the same generations as the accounts that hold them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from seatkeeper.model import FOREVER, Key, Seat
from seatkeeper.store import raw
from seatkeeper.store.bulk import accounts, versions

TABLE: Final = "store_seat"

_FIELDS: Final = Seat._fields
_COLUMNS: Final = (*_FIELDS, "connection_id", "since", "until")
_SELECT: Final = f"SELECT id, since, {', '.join(_FIELDS)} FROM {TABLE} WHERE connection_id = ? AND {versions.CURRENT}"

# An account that only changed has a version that ended and one that is current: its seats stay.
_OF_CLOSED_ACCOUNTS: Final = f"""connection_id = ? AND NOT EXISTS (
    SELECT 1 FROM {accounts.TABLE} AS holder
    WHERE holder.connection_id = {TABLE}.connection_id AND holder.key = {TABLE}.account
    AND holder.until = {FOREVER})"""


def list_current_seats(connection_id: int, accounts: Sequence[Key]) -> dict[Key, list[tuple[int, int, Seat]]]:
    """The seats that each account holds in the generation being written: row id, since, seat."""
    found: dict[Key, list[tuple[int, int, Seat]]] = defaultdict(list)
    for some in raw.chunks(accounts):
        condition, values = raw.matching("account", some)
        for row_id, since, *fields in raw.fetch(f"{_SELECT} AND {condition}", [connection_id, *values]):
            seat = Seat(*fields)
            found[seat.account].append((row_id, since, seat))
    return dict(found)


def count_current_seats(connection_id: int) -> dict[Key, int]:
    """How many accounts hold each SKU."""
    sql = f"""SELECT sku, COUNT(DISTINCT account) FROM {TABLE}
              WHERE connection_id = ? AND {versions.CURRENT} GROUP BY sku"""
    return dict(raw.fetch(sql, [connection_id]))


def insert_seats(connection_id: int, generation: int, rows: Sequence[Seat]) -> None:
    """New versions, current from this generation on; close a seat's version before it."""
    tail = (connection_id, generation, FOREVER)
    raw.insert(TABLE, _COLUMNS, [row + tail for row in sorted(rows, key=lambda row: row[:3])])


def close_seats(ids: Sequence[int], generation: int) -> None:
    """End versions: from this generation on they hold no more. One that began in it leaves no trace."""
    versions.close_ids(TABLE, generation, ids)


def close_seats_of_closed_accounts(connection_id: int, generation: int) -> int:
    """End the seats of accounts that are no longer there, and say how many."""
    return versions.close(TABLE, generation, _OF_CLOSED_ACCOUNTS, [connection_id])
