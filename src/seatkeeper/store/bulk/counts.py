"""How many there are, for the guard that holds back an unusual loss and for the share of a read that is done."""

from __future__ import annotations

from seatkeeper.model import FOREVER
from seatkeeper.store import raw
from seatkeeper.store.bulk import accounts, seats


def count_published(connection_id: int, generation: int) -> tuple[int, int]:
    """Accounts of a published generation, and how many of them hold a seat of any product."""
    counted = []
    for what, table in (("*", accounts.TABLE), ("DISTINCT account", seats.TABLE)):
        sql = f"SELECT count({what}) FROM {table} WHERE connection_id = ? AND since <= ? AND until > ?"
        counted += raw.fetch(sql, [connection_id, generation, generation])
    return counted[0][0], counted[1][0]


def count_missing(connection_id: int, enumeration: int) -> tuple[int, int]:
    """Current accounts that a full enumeration did not meet, and how many of them hold a seat."""
    holds = f"""EXISTS (SELECT 1 FROM {seats.TABLE} AS seat WHERE seat.connection_id = {accounts.TABLE}.connection_id
                AND seat.account = {accounts.TABLE}.key AND seat.until = {FOREVER})"""
    sql = f"""SELECT count(*), coalesce(sum(CASE WHEN {holds} THEN 1 ELSE 0 END), 0) FROM {accounts.TABLE}
              WHERE connection_id = ? AND until = {FOREVER} AND seen <> ?"""
    found = raw.fetch(sql, [connection_id, enumeration])[0]
    return int(found[0]), int(found[1])
