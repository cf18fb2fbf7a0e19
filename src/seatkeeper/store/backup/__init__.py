"""A backup: one ZIP file with a header and a consistent copy of the database, taken while everybody works on.

The key that seals credentials is never in it; the header has an id of that key, which tells nothing about it.
"""

from __future__ import annotations

import os
import sqlite3 as driver
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from seatkeeper import __version__
from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.model import to_text
from seatkeeper.store import schema, seal
from seatkeeper.store.backup import postgres, sqlite

FORMAT: Final = 1
HEADER: Final = "seatkeeper.json"
FILLED: Final = ("store_connection", "auth_user", "store_auditevent")  # once anybody has set up anything


class Header(msgspec.Struct):
    """What a backup is of."""

    format: int
    version: str
    engine: str
    made: str
    key: str  # id of the key that seals credentials
    migrations: list[tuple[str, str]]  # the schema: applications and the names of their migrations
    tables: dict[str, postgres.Table] = {}


def write(path: Path) -> Header:
    """A copy of the database as it is at one moment, read back before it gets its name.

    Raises BadInput when it cannot be written, and leaves no part of it.
    """
    header = Header(
        FORMAT, __version__, connection.vendor, to_text(system_clock()), seal.key_id(),
        sorted(MigrationRecorder(connection).applied_migrations()),
    )  # fmt: skip
    with _new_file(path) as (draft, folder):
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
            if connection.vendor == "sqlite":
                sqlite.copy_out(Path(connection.settings_dict["NAME"]), folder / sqlite.MEMBER)
                bundle.write(folder / sqlite.MEMBER, sqlite.MEMBER)
            else:
                header.tables = postgres.copy_out(bundle)
            bundle.writestr(HEADER, msgspec.json.encode(header))
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        read_header(draft)
    return header


@contextmanager
def _new_file(path: Path) -> Iterator[tuple[Path, Path]]:
    """A draft that only its owner can read, in a folder of the same kind; it becomes the file once it is whole."""
    if path.exists():
        raise BadInput("file", f"{path} exists already. Choose another name: a backup never replaces another one.")
    try:
        with tempfile.TemporaryDirectory(prefix=".seatkeeper-", dir=path.parent) as name:
            folder = Path(name)
            draft = folder / "draft.zip"
            draft.touch(mode=0o600)
            yield draft, folder
            draft.rename(path)
    except OSError as error:
        raise BadInput("file", f"{path} cannot be written: {error.strerror}.") from None
    except driver.OperationalError as error:
        raise BadInput("file", f"{path} cannot be written: {error}.") from None


def read_header(path: Path) -> Header:
    """Raises BadInput for what is no whole backup, or one that this program cannot read."""
    try:
        with zipfile.ZipFile(path) as bundle:
            if (broken := bundle.testzip()) is not None:
                raise BadInput("file", f"{path} is damaged: {broken} in it cannot be read. Take an earlier backup.")
            header = msgspec.json.decode(bundle.read(HEADER), type=Header)
            wanted = [sqlite.MEMBER] if header.engine == "sqlite" else [f"tables/{name}" for name in header.tables]
            for name in wanted:
                bundle.getinfo(name)  # raises KeyError
    except OSError as error:
        raise BadInput("file", f"{path} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError):  # whatever is in the file
        raise BadInput("file", f"{path} is no backup of Seatkeeper, or not a whole one.") from None
    if header.format > FORMAT or schema.list_unknown(header.migrations):
        raise BadInput(
            "file",
            f"{path} was made by Seatkeeper {header.version}, whose database is newer than this program "
            f"({__version__}). Install that version or a newer one.",
        )
    if header.engine != connection.vendor:
        raise BadInput(
            "file",
            f"{path} is a copy of a {header.engine} database, and SEATKEEPER_DATABASE_URL names a {connection.vendor} "
            "one. Restore it to an engine of its own kind.",
        )
    return header


def restore(path: Path, *, replace: bool) -> Header:
    """Put the copy in the place of the database, in the shape of today. Raises BadInput as `read_header` does.

    A database that has data is left alone, unless it is to be replaced.
    """
    header = read_header(path)
    if not replace and has_data():
        raise BadInput(
            "file",
            "the database has data already, which a restore would replace. Stop every process of Seatkeeper, back it "
            "up if you may need it, and add --replace.",
        )
    with zipfile.ZipFile(path) as bundle:
        if connection.vendor == "sqlite":
            sqlite.copy_in(bundle)
        else:
            postgres.drop_all()
            schema.migrate_to(header.migrations)
            postgres.copy_in(bundle, header.tables)
    schema.migrate()
    return header


def has_data() -> bool:
    """Whether anybody has set up anything in the database."""
    return sqlite.has_data(FILLED) if connection.vendor == "sqlite" else postgres.has_data(FILLED)
