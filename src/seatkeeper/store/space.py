"""Space of deleted rows. PostgreSQL uses it again by itself (autovacuum); a SQLite file is made smaller here."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db import connection

STEP: Final = 500  # pages of one transaction: 2 MB, some hundredths of a second
LEFT: Final = 5_000  # pages that stay free for what comes next: 20 MB


class Space(NamedTuple):
    """Of a SQLite file, in bytes; `gradual` is whether it can be given back a little at a time."""

    size: int
    free: int
    gradual: bool


def look() -> Space | None:
    """None on PostgreSQL."""
    if connection.vendor != "sqlite":
        return None
    page, size, free, mode = (_pragma(name) for name in ("page_size", "page_count", "freelist_count", "auto_vacuum"))
    return Space(page * size, page * free, mode == 2)


def give_back(step: int = STEP, left: int = LEFT) -> bool:
    """Cut a few free pages off the file, and say whether there are more. Files of earlier versions need `rewrite`."""
    if connection.vendor != "sqlite" or _pragma("auto_vacuum") != 2 or _pragma("freelist_count") <= left:
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA incremental_vacuum({step})")
        cursor.fetchall()  # each row is a page
    return True


def rewrite() -> None:
    """Write the file anew without free pages; nobody else writes meanwhile. From then on it is made smaller gradually.

    Raises OperationalError where the disk has no room for it twice, or others do not let go.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA temp_store=FILE")  # a copy of a large database has no place in memory
        try:
            cursor.execute("VACUUM")
        finally:
            cursor.execute("PRAGMA temp_store=MEMORY")


def _pragma(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])
