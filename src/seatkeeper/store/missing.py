"""A field that the vendor has never sent is NULL, on each connection that Django opens."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from seatkeeper.model import Missing


def write_as_null(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """The receiver of Django's `connection_created`. Without it, psycopg would write the word "MISSING"."""
    if connection.vendor == "sqlite":
        sqlite3.register_adapter(Missing, lambda _: None)
    else:
        _on_postgresql(connection.connection)


def _on_postgresql(connection: Any) -> None:
    from psycopg.adapt import Dumper  # noqa: PLC0415 - a tenth of a second for which no command on SQLite waits

    class Null(Dumper):
        def dump(self, obj: Missing) -> None:  # noqa: ARG002 - psycopg writes NULL for None
            return None

    connection.adapters.register_dumper(Missing, Null)
