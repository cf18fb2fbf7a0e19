"""What we keep and how: models, migrations, bulk writes, leases and sealing, on SQLite and PostgreSQL."""

from __future__ import annotations

from seatkeeper.store.schema import check_schema, migrate

__all__ = ["check_schema", "migrate"]
