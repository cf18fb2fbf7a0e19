"""SQL below the ORM, the same for SQLite and PostgreSQL: rows go in and out as plain tuples.

Everything here works inside the caller's transaction, on the connection that Django holds open for this thread,
and raises Django's database errors. Statements are written with `?`; names of tables and columns are ours.
Django's own cursor would rewrite each statement and look at each row again, for more than the insert itself costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection
from django.db.transaction import TransactionManagementError

Row = tuple[Any, ...]

# SQLite takes 32,766 parameters a statement; what else a statement asks for needs a few.
CHUNK: Final = 30_000


def fetch(sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """All rows of a query; bytes are bytes on both engines."""
    with _cursor() as cursor:
        return list(cursor.execute(_spelled(sql), parameters).fetchall())


def stream(sql: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
    """The rows of a query one by one, for more of them than should be in memory at once; to be read to their end."""
    with _cursor() as cursor:
        yield from cursor.execute(_spelled(sql), parameters)


def run(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run a statement that writes and say how many rows it touched."""
    with _cursor(writes=True) as cursor:
        return int(cursor.execute(_spelled(sql), parameters).rowcount)


def run_many(sql: str, rows: Sequence[Row]) -> int:
    """Run a statement for each row and say how many rows were touched in all."""
    with _cursor(writes=True) as cursor:
        cursor.executemany(_spelled(sql), rows)
        return max(0, int(cursor.rowcount))  # -1 when there were none


def insert(table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows that cannot conflict: a prepared statement on SQLite, COPY on PostgreSQL."""
    if on_sqlite():
        run_many(f"INSERT INTO {table} ({_names(columns)}) VALUES ({_marks(len(columns))})", rows)
        return
    with _cursor(writes=True) as cursor, cursor.copy(f"COPY {table} ({_names(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def insert_unless_there(table: str, columns: Sequence[str], rows: Sequence[Row]) -> int:
    """Insert rows whose key is not there yet, and say how many were."""
    return _put(table, columns, rows, "ON CONFLICT DO NOTHING")


def upsert(table: str, columns: Sequence[str], key: int, rows: Sequence[Row]) -> int:
    """Insert rows, or rewrite those whose key (the first `key` columns) is there; says how many were new.

    No two rows may have the same key. A row that is there as it should be is not written again: windows of
    sign-ins overlap, so most of what is read twice has not changed.
    """
    new = insert_unless_there(table, columns, rows)
    if new < len(rows):
        rest = columns[key:]
        ours, theirs = [f"{table}.{column}" for column in rest], [f"excluded.{column}" for column in rest]
        differ = "IS NOT" if on_sqlite() else "IS DISTINCT FROM"
        sets = _names(f"{column} = excluded.{column}" for column in rest)
        where = f"({_names(ours)}) {differ} ({_names(theirs)})"
        _put(table, columns, rows, f"ON CONFLICT ({_names(columns[:key])}) DO UPDATE SET {sets} WHERE {where}")
    return new


def _put(table: str, columns: Sequence[str], rows: Sequence[Row], on_conflict: str) -> int:
    """Insert with a word on conflicts, and say how many rows were written. COPY has no such word: it fills a draft."""
    into = f"INSERT INTO {table} ({_names(columns)})"
    if on_sqlite():
        return run_many(f"{into} VALUES ({_marks(len(columns))}) {on_conflict}", rows)
    draft = f"draft_of_{table}"
    run(f"CREATE TEMPORARY TABLE {draft} ON COMMIT DROP AS SELECT {_names(columns)} FROM {table} LIMIT 0")
    insert(draft, columns, rows)
    written = run(f"{into} SELECT {_names(columns)} FROM {draft} {on_conflict}")
    run(f"DROP TABLE {draft}")
    return written


def matching(column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """A condition "column is one of these values", with its parameters; at most CHUNK values."""
    if on_sqlite():
        return f"{column} IN ({_marks(len(values))})", values
    return f"{column} = ANY(?)", [list(values)]


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values in portions that `matching` takes."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def alone(purpose: int, number: int) -> None:
    """Wait until no other transaction is at the same thing, and keep others waiting until this one ends.

    No row is locked, so nobody else is held up. On SQLite a transaction is alone already.
    """
    if not on_sqlite():
        fetch("SELECT pg_advisory_xact_lock(?, ?)", [purpose, number])


def on_sqlite() -> bool:
    return connection.vendor == "sqlite"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(columns)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _spelled(sql: str) -> str:
    return sql if on_sqlite() else sql.replace("?", "%s")


@contextmanager
def _cursor(*, writes: bool = False) -> Iterator[Any]:
    """The driver's own cursor, on the connection that Django opens, or finds lost, on the way.

    Writing outside a transaction is refused: rows would be saved apart from their checkpoint, and SQLite would
    sync the disk for each.
    """
    if writes and not connection.in_atomic_block:
        raise TransactionManagementError("Bulk writes belong in the transaction that saves their checkpoint")
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection.connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()
