"""When what was bought renews: few rows, always read whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from seatkeeper.model import Instant, Renewal
from seatkeeper.store import raw

TABLE: Final = "store_renewal"

_COLUMNS: Final = (
    "connection_id", "subscription", "sku", "part_number", "status", "total", "trial", "next_lifecycle", "read_at",
)  # fmt: skip


def save_renewals(connection_id: int, rows: Iterable[Renewal], read_at: Instant, *, complete: bool = True) -> None:
    """From now on, exactly these are known; one that comes twice counts once.

    When rows are missing because they were not understood, what is known of others stays.
    """
    single = {row.subscription.casefold(): row for row in rows}.values()
    told, values = raw.matching("subscription", [row.subscription for row in single])
    which = "connection_id = ?" if complete else f"connection_id = ? AND {told}"
    raw.run(f"DELETE FROM {TABLE} WHERE {which}", [connection_id, *([] if complete else values)])
    raw.insert(TABLE, _COLUMNS, [(connection_id, *row, read_at) for row in single])
