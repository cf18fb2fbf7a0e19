"""One database of a PostgreSQL server for test after test: emptied in between, which is far cheaper than a new one."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from psycopg import sql

_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_COLUMNS = """
    SELECT c.relname, a.attname, a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
"""


class Reused:
    """A database of this worker's own, which is like `template` whenever a test begins."""

    def __init__(self, template: str) -> None:
        self._name = f"test_{os.getpid()}"
        self.url = template.replace("/template?", f"/{self._name}?")
        self._server = template.replace("/template?", "/postgres?")
        self._make()
        with psycopg.connect(self.url) as base:
            self._columns = set(base.execute(_COLUMNS))
            self._written = {table: _rows(base, table) for table in filled_tables(base)}

    def _make(self) -> None:
        drop = f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)"
        run_on(self._server, drop, f"CREATE DATABASE {self._name} TEMPLATE template")

    def empty(self) -> None:
        """End who is still connected, and leave nothing but what the migrations wrote."""
        with psycopg.connect(self.url, autocommit=True) as base:
            base.execute(f"SELECT pg_terminate_backend(pid, 10000) {_OTHERS}")
            if self._is_spoiled(base):
                base.close()
                self._make()
            elif filled := filled_tables(base) - self._written.keys():
                tables = sql.SQL(", ").join(map(sql.Identifier, sorted(filled)))
                base.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))

    def _is_spoiled(self, base: psycopg.Connection[Any]) -> bool:
        """Whether a test changed the schema, or what the migrations wrote."""
        if set(base.execute(_COLUMNS)) != self._columns:
            return True
        return any(_rows(base, table) != rows for table, rows in self._written.items())


def _rows(base: psycopg.Connection[Any], table: str) -> list[Any]:
    return base.execute(sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(table))).fetchall()


def filled_tables(base: psycopg.Connection[Any]) -> set[str]:
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
