"""How many there are, for the guard that holds back an unusual loss and for the share of a read that is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seatkeeper.model import FOREVER, Key
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


class Loss(NamedTuple):
    """What readers see of a published generation, and would see no more, or otherwise, of the one being written."""

    accounts: int
    holders: int  # accounts with a seat that would have none
    blocked: int  # accounts with a seat that would be blocked, or blocked no more


class Published(NamedTuple):
    """What is compared: a published generation with the one being written, of which `enumeration` met the accounts.

    Without an enumeration nobody is missing. Seats count of these products only.
    """

    connection_id: int
    generation: int
    enumeration: int | None
    products: Sequence[str]

    def of(self, table: str) -> str:
        g = int(self.generation)
        return f"{table}.connection_id = {int(self.connection_id)} AND {table}.since <= {g} AND {table}.until > {g}"

    @property
    def stays(self) -> str:
        """The current version of an account that is there after publishing, called `now`."""
        met = "" if self.enumeration is None else f"AND now.seen = {int(self.enumeration)}"
        return f"""{accounts.TABLE} AS now
            WHERE now.connection_id = {int(self.connection_id)} AND now.until = {FOREVER} {met}"""

    def lost(self) -> tuple[str, list[object]]:
        """The seats of people who would have none; with the values of the condition."""
        mine, values = raw.matching("old.product", self.products)
        still, again = raw.matching("seat.product", self.products)
        return (
            f"""FROM {seats.TABLE} AS old WHERE {self.of("old")} AND {mine} AND NOT (
                EXISTS (SELECT 1 FROM {self.stays} AND now.key = old.account)
                AND EXISTS (SELECT 1 FROM {seats.TABLE} AS seat WHERE seat.connection_id = old.connection_id
                            AND seat.account = old.account AND seat.until = {FOREVER} AND {still}))""",
            [*values, *again],
        )


def count_loss(before: Published) -> Loss:
    """What publishing would take away, in whatever way the vendor told it."""
    # Whose version is still current, and was met, is passed over without a look: nearly everybody.
    met = "" if before.enumeration is None else f"AND old.seen = {int(before.enumeration)}"
    gone = f"""SELECT count(*) FROM {accounts.TABLE} AS old
        WHERE {before.of("old")} AND NOT (old.until = {FOREVER} {met})
        AND NOT EXISTS (SELECT 1 FROM {before.stays} AND now.key = old.key)"""
    blocked = f"""SELECT count(*) FROM {accounts.TABLE} AS old WHERE {before.of("old")} AND old.until <> {FOREVER}
        AND EXISTS (SELECT 1 FROM {before.stays} AND now.key = old.key AND now.enabled <> old.enabled)
        AND EXISTS (SELECT 1 FROM {seats.TABLE} AS seat WHERE {before.of("seat")} AND seat.account = old.key)"""
    lost, values = before.lost()
    return Loss(
        int(raw.fetch(gone)[0][0]),
        int(raw.fetch(f"SELECT count(DISTINCT old.account) {lost}", values)[0][0]),
        int(raw.fetch(blocked)[0][0]),
    )


def list_lost_holders(before: Published) -> list[Key]:
    """Who is counted as `holders` of the loss."""
    lost, values = before.lost()
    return [bytes(key) for (key,) in raw.fetch(f"SELECT DISTINCT old.account {lost}", values)]
