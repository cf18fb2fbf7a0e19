"""The migrations that a database still lacks, with an estimate of what they take, by the rows of their tables.

SQLite's rate is that of a measured one (3 million rows in 7 s, two cores and an SSD); PostgreSQL's and that of changed
rows are guesses beside it. They say whether somebody waits for seconds or for hours, and no more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from django.db import DatabaseError, connection
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import AddField, FieldOperation
from django.db.migrations.operations.models import CreateModel, IndexOperation

# Rows a second. SQLite writes a table anew for most changes of a column; PostgreSQL only notes a new one.
RATES: Final = {"sqlite": 400_000, "postgresql": 1_500_000}
DATA_RATE: Final = 100_000  # of a migration that changes rows, on either engine
LEAST: Final = 0.1  # seconds of a migration, whatever is in the tables


class Pending(NamedTuple):
    """A migration to come: what it is about, the rows that it looks at or writes, and how long that may take."""

    app: str
    name: str
    title: str
    rows: int
    seconds: float


def list_pending() -> list[Pending]:
    """In the order in which they are applied; empty for a database in today's shape."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    sizes = _count_rows()
    return [_estimate(migration, sizes) for migration, _backwards in plan]


def _estimate(migration: Migration, sizes: dict[str, int]) -> Pending:
    rows, seconds, rate = 0, LEAST, RATES[connection.vendor]
    for operation in _flat(migration.operations):
        if isinstance(operation, RunPython | RunSQL):
            # What it touches is not told: the largest of the tables that the same migration names, or all of them.
            named = [sizes.get(name, 0) for name in _named(migration)]
            rows, seconds = rows + max(named, default=0), seconds + max(named, default=0) / DATA_RATE
        elif isinstance(operation, FieldOperation | IndexOperation):
            name = getattr(operation, "model_name", "").lower()
            size = sizes.get(f"{migration.app_label}_{name}", 0)
            if not isinstance(operation, AddField) or not _is_only_noted(operation):
                rows, seconds = rows + size, seconds + size / rate
    doc = (sys.modules[type(migration).__module__].__doc__ or "").strip()
    title = doc.splitlines()[0] if doc else migration.name[5:].replace("_", " ")
    return Pending(migration.app_label, migration.name, title, rows, seconds)


def _is_only_noted(operation: AddField) -> bool:
    """A column without a default that rows would have to be given."""
    return bool(operation.field.null) or connection.vendor == "postgresql"


def _named(migration: Migration) -> list[str]:
    names = {getattr(each, "model_name", "") or "" for each in _flat(migration.operations)}
    return [f"{migration.app_label}_{name.lower()}" for name in names if name] or list(_count_rows())


def _flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        elif not isinstance(operation, CreateModel):
            yield operation


def _count_rows() -> dict[str, int]:
    """Of every table, about: by PostgreSQL's statistics, and by the last row's number in SQLite where it has one."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT relname, greatest(reltuples, 0)::bigint FROM pg_class WHERE relkind = 'r'")
            return dict(cursor.fetchall())
        sizes = {}
        for name in connection.introspection.table_names(cursor):
            try:
                cursor.execute(f"SELECT coalesce(max(rowid), 0) FROM {connection.ops.quote_name(name)}")
                (sizes[name],) = cursor.fetchone()
            except DatabaseError:  # a table whose key is its place
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
                (sizes[name],) = cursor.fetchone()
        return sizes
