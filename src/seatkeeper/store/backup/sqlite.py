"""Copies of a SQLite file: by its own online backup, because a plain copy of a live file may be damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.db import connection

from seatkeeper.errors import BadInput
from seatkeeper.settings.database import BUSY_SECONDS

MEMBER: Final = "database.sqlite3"
STEP: Final = 1000  # pages copied before others may write
RESTARTS: Final = 2  # SQLite begins anew whenever somebody has written; then all is copied in one go while they wait
BESIDE: Final = ("-journal", "-wal", "-shm")


class _Restarted(Exception):
    pass


def copy_out(live: Path, to: Path) -> None:
    """A checked copy of the database at one moment, in a file that needs no other beside it."""
    to.touch(mode=0o600)
    with closing(_open(live)) as source, closing(sqlite3.connect(to)) as target:
        try:
            source.backup(target, pages=STEP, progress=_Progress())
        except _Restarted:
            source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        if trouble := _check(target):
            raise BadInput(
                "database", f"{live} is damaged, so there is no backup of it: {trouble}. Restore an earlier one."
            )


class _Progress:
    """Gives up the small steps when others write so often that they never come to an end."""

    def __init__(self) -> None:
        self._left, self._restarts = -1, 0

    def __call__(self, _status: int, left: int, _total: int) -> None:
        self._restarts += 0 <= self._left <= left
        self._left = left
        if self._restarts > RESTARTS:
            raise _Restarted


def copy_in(bundle: zipfile.ZipFile) -> None:
    """Put the copy in the database's place; SQLite's locks keep whoever has it open from seeing half of it."""
    connection.close()
    place = Path(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory(prefix=".seatkeeper-", dir=place.parent) as name:
        copy = Path(name) / MEMBER
        copy.touch(mode=0o600)
        with bundle.open(MEMBER) as packed, copy.open("wb") as file:
            shutil.copyfileobj(packed, file)
        with closing(_open(copy)) as source:
            if trouble := _check(source):
                raise BadInput("file", f"the copy in the backup is damaged: {trouble}. Take an earlier backup.")
            if planted := source.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone():
                raise BadInput(
                    "file", f"{planted[0]!r} in the backup acts by itself; no version of Seatkeeper made it."
                )
            if not place.exists():
                _remove(place)
            try:
                _fill(source, place)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                    raise BadInput("file", "the database is in use. Stop every process of Seatkeeper first.") from None
                _remove(place)  # what is there cannot be read, so it cannot be written over either
                _fill(source, place)


def has_data(tables: Collection[str]) -> bool:
    """Whether any of these has a row; what cannot be read may be somebody's."""
    place = Path(connection.settings_dict["NAME"])
    if not place.exists() or place.stat().st_size == 0:
        return False
    try:
        with closing(_open(place)) as base:
            there = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return any(base.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in there.intersection(tables))
    except sqlite3.DatabaseError:
        return True


def _fill(source: sqlite3.Connection, place: Path) -> None:
    os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o600))
    place.chmod(0o600)
    with closing(_open(place)) as target:
        # A journal that another database has left beside this file is rolled back here, and then all is written over.
        source.backup(target)
        if trouble := _check(target):
            raise sqlite3.DatabaseError(trouble)


def _remove(place: Path) -> None:
    """The file first: a journal without its file means nothing to SQLite, a file without its journal may be damaged."""
    for path in (place, *(place.with_name(place.name + end) for end in BESIDE)):
        path.unlink(missing_ok=True)


def _check(base: sqlite3.Connection) -> str:
    """The first thing that is wrong with a database; empty when nothing is."""
    try:
        (found,) = base.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
