"""Copies of a PostgreSQL database: our own tables by COPY, all as of one moment. They need no program of PostgreSQL's.

They are loaded into the schema that the same migrations make, so any server of any version takes them.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Collection
from typing import Any, Final

import msgspec
from django.db import connection, transaction
from psycopg import sql

from seatkeeper.store.schema import QUEUE

MIGRATIONS: Final = "django_migrations"
PORTION: Final = 1 << 20


class Table(msgspec.Struct):
    """The columns that were copied, and the last number that was given to a row, if rows have numbers."""

    columns: list[str]
    last: int | None = None


def copy_out(bundle: zipfile.ZipFile) -> dict[str, Table]:
    """Every table into the bundle, while everybody works on."""
    tables = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name in _list_tables():
            if name == MIGRATIONS:
                continue
            tables[name] = Table([column.name for column in _describe(name)])
            command = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(name), _names(tables[name]))
            with bundle.open(f"tables/{name}", "w", force_zip64=True) as file, _driver(cursor).copy(command) as copy:
                for data in copy:
                    file.write(data)
    for name, table in tables.items():  # read afterwards: no row that was copied has a higher one
        table.last = _last_number(name)
    return tables


def drop_all() -> None:
    """A database without anything of ours; an empty queue stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        there = connection.introspection.table_names()
        for name in set(_list_tables()) - {MIGRATIONS}:
            _driver(cursor).execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        if MIGRATIONS in there:
            cursor.execute(f"DELETE FROM {MIGRATIONS} WHERE app <> %s", [QUEUE])
        if f"{QUEUE}_jobs" in there:
            cursor.execute(f"TRUNCATE {QUEUE}_jobs CASCADE")


def copy_in(bundle: zipfile.ZipFile, tables: dict[str, Table]) -> None:
    """All rows, in one transaction, into tables of the same shape."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        driver = _driver(cursor)
        driver.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        for name, table in tables.items():
            command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), _names(table))
            with bundle.open(f"tables/{name}") as file, driver.copy(command) as copy:
                shutil.copyfileobj(file, copy, PORTION)
            if table.last is not None:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [f'"{name}"', table.last])


def has_data(tables: Collection[str]) -> bool:
    """Whether any of these has a row."""
    with connection.cursor() as cursor:
        for name in set(tables).intersection(_list_tables()):
            cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")
            if cursor.fetchone():
                return True
    return False


def _list_tables() -> list[str]:
    """All but the queue's: what is due is put into it anew."""
    return sorted(name for name in connection.introspection.table_names() if not name.startswith(f"{QUEUE}_"))


def _describe(name: str) -> list[Any]:
    with connection.cursor() as cursor:
        return list(connection.introspection.get_table_description(cursor, name))


def _last_number(name: str) -> int | None:
    with connection.cursor() as cursor:
        if "id" not in [column.name for column in _describe(name)]:
            return None
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [f'"{name}"'])
        (sequence,) = cursor.fetchone()
        if sequence is None:
            return None
        cursor.execute(f"SELECT CASE WHEN is_called THEN last_value END FROM {sequence}")
        (last,) = cursor.fetchone()
        return last if last is None else int(last)


def _names(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _driver(cursor: Any) -> Any:
    """psycopg's own cursor, which knows COPY."""
    return cursor.cursor
