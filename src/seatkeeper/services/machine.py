"""What this installation runs on, looked at line by line for `seatkeeper check`."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection

from seatkeeper import __version__
from seatkeeper.errors import BadSetting
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.database import WAL_IS_SAFE
from seatkeeper.store.schema import check_schema


class Line(NamedTuple):
    """`passed` is None for something to look at that does not stop anything."""

    title: str
    passed: bool | None
    message: str


def look() -> Iterator[Line]:
    yield Line("Program", True, f"Seatkeeper {__version__} on Python {platform.python_version()}")
    yield Line("Data folder", True, str(SEATKEEPER.home))
    yield _schema()
    if connection.vendor == "sqlite":
        yield _sqlite()
    for notice in SEATKEEPER.notices:
        name, _, message = notice.partition(": ")
        yield Line(name, None, message)


def _schema() -> Line:
    try:
        current = check_schema()
    except BadSetting as error:
        return Line("Database", False, str(error))
    word = "has today's shape" if current else "is empty or older; the next command brings it up to date"
    return Line("Database", True, f"{connection.vendor}, {word}")


def _sqlite() -> Line:
    version = sqlite3.sqlite_version
    if WAL_IS_SAFE:
        return Line("SQLite", True, f"{version}, write-ahead log, synchronous=FULL")
    return Line(
        "SQLite",
        None,
        f"{version} can damage a database with a write-ahead log (fixed in 3.51.3), so a rollback journal is used: "
        "safe, but pages wait while a read is being saved. A newer Python brings a newer SQLite.",
    )
