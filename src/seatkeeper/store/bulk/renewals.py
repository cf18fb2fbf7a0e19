"""When what was bought renews: few rows, replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from seatkeeper.model import Instant, Renewal
from seatkeeper.store import raw

TABLE: Final = "store_renewal"

_COLUMNS: Final = (
    "connection_id", "subscription", "sku", "part_number", "status", "total", "trial", "next_lifecycle", "read_at",
)  # fmt: skip


def replace_renewals(connection_id: int, rows: Iterable[Renewal], read_at: Instant) -> None:
    """From now on, exactly these are known; one that comes twice counts once."""
    raw.run(f"DELETE FROM {TABLE} WHERE connection_id = ?", [connection_id])
    single = {row.subscription.casefold(): row for row in rows}.values()
    raw.insert(TABLE, _COLUMNS, [(connection_id, *row, read_at) for row in single])
