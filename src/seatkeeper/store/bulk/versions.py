"""What every table of versions shares: a version holds from generation `since` up to, not with, `until`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatkeeper.model import FOREVER
from seatkeeper.store import raw

CURRENT = f"until = {FOREVER}"


def close(table: str, generation: int, condition: str, values: Sequence[Any]) -> int:
    """End the current versions that meet the condition, and say how many accounts, seats, … that were.

    A version that began in this same generation was never published, so it leaves no trace.
    """
    undone = raw.run(f"DELETE FROM {table} WHERE since = ? AND {CURRENT} AND {condition}", [generation, *values])
    return undone + raw.run(f"UPDATE {table} SET until = ? WHERE {CURRENT} AND {condition}", [generation, *values])


def close_ids(table: str, generation: int, ids: Sequence[int]) -> int:
    return sum(close(table, generation, *raw.matching("id", some)) for some in raw.chunks(ids))


def discard(table: str, connection_id: int, generation: int) -> None:
    """Take back all that a generation wrote: the table reads as if it had never begun."""
    raw.run(f"DELETE FROM {table} WHERE connection_id = ? AND since = ?", [connection_id, generation])
    raw.run(
        f"UPDATE {table} SET until = {FOREVER} WHERE connection_id = ? AND until = ?",
        [connection_id, generation],
    )
