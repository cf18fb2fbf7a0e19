"""One database of a PostgreSQL server for test after test: emptied in between, which is far cheaper than a new one."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

_OTHERS = "FROM pg_stat_activity WHERE datname = 'test' AND pid <> pg_backend_pid()"
_COLUMNS = """
    SELECT c.relname, a.attname, a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
"""
_MIGRATIONS = "SELECT app, name, '' FROM django_migrations"


class Reused:
    """The database `test`, which is like `template` whenever `get` answers."""

    def __init__(self, template: str) -> None:
        self.url = template.replace("/template?", "/test?")
        self._server = template.replace("/template?", "/postgres?")
        self._make()
        with psycopg.connect(self.url) as base:
            self._kept = _filled(base)
            self._shape = _shape(base)

    def _make(self) -> None:
        run_on(self._server, "DROP DATABASE IF EXISTS test WITH (FORCE)", "CREATE DATABASE test TEMPLATE template")

    def empty(self) -> None:
        """End who is still connected, and leave nothing but what the migrations wrote."""
        with psycopg.connect(self.url, autocommit=True) as base:
            base.execute(f"SELECT pg_terminate_backend(pid, 10000) {_OTHERS}")
            if _shape(base) != self._shape:  # by a test about migrations
                base.close()
                self._make()
            elif filled := _filled(base) - self._kept:
                tables = sql.SQL(", ").join(map(sql.Identifier, sorted(filled)))
                base.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))


def _shape(base: psycopg.Connection[Any]) -> list[set[Any]]:
    """What makes up the schema, and how it came to be."""
    columns = set(base.execute(_COLUMNS))
    known = ("django_migrations", "app") in {column[:2] for column in columns}
    return [columns, set(base.execute(_MIGRATIONS)) if known else set()]


def _filled(base: psycopg.Connection[Any]) -> set[str]:
    """The tables that have rows."""
    tables = [name for (name,) in base.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    each = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in tables
    ]
    return {name for (name,) in base.execute(sql.SQL(" UNION ALL ").join(each))}


def run_on(url: str, *statements: str) -> None:
    """Statements outside any transaction."""
    with psycopg.connect(url, autocommit=True) as server:
        for statement in statements:
            server.execute(statement.encode())
