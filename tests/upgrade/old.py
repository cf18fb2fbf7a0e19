"""The old database on either engine, as the version that made it left it."""

from __future__ import annotations

import lzma
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

from seatkeeper.store.schema import Executor
from tests.conftest import Database, connected
from tests.postgres import run_on

DATA = Path(__file__).parent / "data"
_BOOLEANS = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'boolean'"


def unpack(path: Path) -> Path:
    path.write_bytes(lzma.decompress((DATA / "old.sqlite3.xz").read_bytes()))
    return path


def ask(old: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(old)) as base:
        return base.execute(sql).fetchall()


def migrations_of(old: Path) -> set[tuple[str, str]]:
    return set(ask(old, "SELECT app, name FROM django_migrations"))


def step_by_step(wanted: set[tuple[str, str]] | None = None) -> Iterator[Migration]:
    """Apply the migrations one after the other: those that are wanted, or all; stands behind each in turn."""
    executor = Executor(connection)
    executor.recorder.ensure_schema()
    state = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined] # the stubs lack it
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if wanted is None or (migration.app_label, migration.name) in wanted:
            state = executor.apply_migration(state, migration)
            yield migration


class Filling:
    """Fills tables with what they held in the old database, as soon as there are such tables."""

    def __init__(self, old: Path) -> None:
        self.old = old
        self.tables = {name for (name,) in ask(old, "SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.tables -= {"django_migrations", "sqlite_sequence"}

    def fill(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            there = {info.name for info in connection.introspection.get_table_list(cursor)}
            self.tables -= {table for table in sorted(self.tables & there) if self._fill(cursor, table)}

    def _fill(self, cursor: Any, table: str) -> bool:
        """False when the table cannot hold it yet: a later migration takes columns away, or lets one be null."""
        today = {c.name: c.null_ok for c in connection.introspection.get_table_description(cursor, table)}
        then = dict(ask(self.old, f"SELECT name, NOT \"notnull\" FROM pragma_table_info('{table}')"))
        if not all(name in then and null >= then[name] for name, null in today.items()):
            return False
        columns = list(today)
        booleans: set[str] = set()
        if connection.vendor == "postgresql":
            cursor.execute(_BOOLEANS, [table])
            booleans = {name for (name,) in cursor.fetchall()}
        names = ", ".join(f'"{name}"' for name in columns)
        rows = [
            [
                bool(value) if name in booleans and value is not None else value
                for name, value in zip(columns, row, strict=True)
            ]
            for row in ask(self.old, f"SELECT {names} FROM {table}")
        ]
        cursor.execute(f"DELETE FROM {table}")
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})", rows)
        if connection.vendor == "postgresql" and "id" in columns:
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            if (sequence := cursor.fetchone()[0]) and rows:
                cursor.execute(f"SELECT setval(%s, (SELECT max(id) FROM {table}))", [sequence])
        return True


def rebuild(old: Path) -> None:
    """The old version's shape and rows in the database that is connected, which is empty."""
    for _migration in step_by_step(migrations_of(old)):
        pass
    Filling(old).fill()


@contextmanager
def postgres(server: str, template: str = "template0") -> Iterator[str]:
    """The URL of another database on this server, which is like the template: empty, if none is named."""
    name = f"old_{uuid4().hex}"
    run_on(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield re.sub(r"/\w+\?", f"/{name}?", server)
    finally:
        run_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def empty_at(migration: tuple[str, str], database: Database, folder: Path) -> Iterator[StateApps]:
    """The models of an empty database as they were after a migration; it is Django's default meanwhile."""
    with ExitStack() as stack:
        on_postgres = database.engine == "postgres"
        url = stack.enter_context(postgres(database.url)) if on_postgres else f"sqlite://{folder}/old.sqlite3"
        stack.enter_context(connected(url))
        call_command("migrate", *migration, verbosity=0, interactive=False)
        yield MigrationExecutor(connection).loader.project_state([migration]).apps


def make_row(models: StateApps, model: str, **fields: Any) -> Any:
    """A row with nothing in every column that must hold something and is not given."""
    columns = [each for each in models.get_model("store", model)._meta.fields if not each.has_default()]
    empty = {"TextField": "", "BooleanField": False, "IntegerField": 0, "BigIntegerField": 0, "BinaryField": b""}
    usual = {each.name: empty[kind] for each in columns if (kind := each.get_internal_type()) in empty}
    return models.get_model("store", model).objects.create(**(usual | fields))
