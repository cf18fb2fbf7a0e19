"""A field that the vendor has never sent is NULL. Without this, psycopg would write the word "MISSING"."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from seatkeeper.model import Missing

sqlite3.register_adapter(Missing, lambda _: None)


def write_as_null(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """The receiver of Django's `connection_created`: psycopg is told for each connection."""
    if connection.vendor == "postgresql":
        connection.connection.adapters.register_dumper(Missing, _null_dumper())


@cache
def _null_dumper() -> type[Any]:
    from psycopg.adapt import Dumper  # noqa: PLC0415 - a tenth of a second for which no command on SQLite waits

    class Null(Dumper):
        def dump(self, obj: Missing) -> None:  # noqa: ARG002 - psycopg writes NULL for None
            return None

    return Null
