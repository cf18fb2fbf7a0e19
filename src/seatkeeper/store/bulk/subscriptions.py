"""Subscriptions: few rows, always read whole, so that one call compares and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatkeeper.model import FOREVER, Subscription
from seatkeeper.store import raw
from seatkeeper.store.bulk import versions

TABLE: Final = "store_subscription"

_FIELDS: Final = Subscription._fields
_COLUMNS: Final = (*_FIELDS, "connection_id", "since", "until")


def save_subscriptions(
    connection_id: int, generation: int, rows: Sequence[Subscription], *, complete: bool = True
) -> None:
    """From this generation on, exactly these hold: what changed gets a version, what went is ended.

    When rows are missing because they were not understood, nothing is ended but what has a new version.
    """
    sql = f"SELECT id, {', '.join(_FIELDS)} FROM {TABLE} WHERE connection_id = ? AND {versions.CURRENT}"
    current = {Subscription(*fields): row_id for row_id, *fields in raw.fetch(sql, [connection_id])}
    wanted = {row.sku: row for row in rows}.values()
    told = {row.sku for row in rows}
    ended = [row for row in current.keys() - set(wanted) if complete or row.sku in told]
    versions.close_ids(TABLE, generation, [current[row] for row in ended])
    tail = (connection_id, generation, FOREVER)
    raw.insert(TABLE, _COLUMNS, [row + tail for row in wanted if row not in current])


def discard_subscriptions(connection_id: int, generation: int) -> None:
    """Take back what a generation of the licence task wrote."""
    versions.discard(TABLE, connection_id, generation)
