"""Rows that many tests start from: written once by our own code, and copied into the database of each test.

That is far cheaper than to read the same pretend tenant again. All workers share them; each engine has its own.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg import sql

from tests.postgres import filled_tables, run_on


def fill(what: object, write: Callable[[], None]) -> None:
    """Fill the empty tables of the default database with what `write` leaves in a fresh one.

    Calls with an equal `what` get the same rows. What a test made before (the organization, members) stays as it is.
    """
    scratch = Path(os.environ["SEATKEEPER_HOME"]).parent
    kept = scratch / f"{sha256(repr(what).encode()).hexdigest()[:16]}.{connection.vendor}"
    new = kept.with_suffix(f".{os.getpid()}")  # another worker may be at it, too
    if connection.vendor == "sqlite":
        if not kept.exists():
            shutil.copyfile(scratch / "template.sqlite3", new)
            with _connected(f"sqlite://{new}"):
                write()
            new.rename(kept)
        _copy(kept)
    else:
        if not kept.exists():
            with _new_postgres() as url, _connected(url):
                write()
                new.write_bytes(pickle.dumps(_dump()))
            new.rename(kept)
        _load(*pickle.loads(kept.read_bytes()))


def _copy(kept: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ATTACH %s AS kept", [str(kept)])
        with connection.constraint_checks_disabled(), transaction.atomic():  # the tables come in any order
            for table in connection.introspection.table_names(cursor):
                if not cursor.execute(f'SELECT EXISTS (SELECT 1 FROM main."{table}")').fetchone()[0]:
                    cursor.execute(f'INSERT INTO main."{table}" SELECT * FROM kept."{table}"')
        cursor.execute("DETACH kept")


def _plain() -> psycopg.Connection[Any]:
    """Beside Django's connection, which has types of its own."""
    params = connection.get_connection_params()
    return psycopg.connect(
        **{name: value for name, value in params.items() if name not in ("cursor_factory", "context")}
    )


@contextmanager
def _new_postgres() -> Iterator[str]:
    """URL of a migrated database beside the default one."""
    name = f"kept_{os.getpid()}"
    settings = connection.settings_dict
    url = f"postgresql://{settings['USER']}@/%s?host={settings['HOST']}"
    run_on(url % "postgres", f"CREATE DATABASE {name} TEMPLATE template")
    yield url % name
    run_on(url % "postgres", f"DROP DATABASE {name}")


def _dump() -> tuple[dict[str, bytes], list[Any]]:
    """The rows of each table, and the last number that each sequence gave."""
    with _plain() as base, base.cursor() as cursor:
        rows = {}
        for table in filled_tables(base):
            with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as out:
                rows[table] = b"".join(out)
        numbers = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
        return rows, cursor.execute(numbers).fetchall()


def _load(rows: dict[str, bytes], numbers: list[Any]) -> None:
    with _plain() as base, base.cursor() as cursor:
        empty = rows.keys() - filled_tables(base)
        cursor.execute("SET LOCAL session_replication_role = replica")  # the tables come in any order
        for table in empty:
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
                into.write(rows[table])
        for name, number in numbers:
            cursor.execute(
                "SELECT setval(%(name)s, greatest(%(number)s, nextval(%(name)s)))", {"name": name, "number": number}
            )


def _connected(url: str) -> Any:
    from tests.conftest import connected

    return connected(url)
