"""The database's files, closed to other users of the machine; those of an older installation, too."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from django.db import connection

from seatkeeper.settings import SEATKEEPER

COMPANIONS = ("", "-journal", "-wal", "-shm")  # SQLite makes them with the mode of the database


def list_exposed() -> list[Path]:
    """The data folder, the key and the files of a SQLite database that other users of the machine can get at."""
    if os.name != "posix":
        return []
    name = str(connection.settings_dict["NAME"])
    database = [Path(name + end) for end in COMPANIONS] if connection.vendor == "sqlite" else []
    ours = (
        [SEATKEEPER.home, *database]
        if SEATKEEPER.key_file is None
        else [SEATKEEPER.home, SEATKEEPER.key_file, *database]
    )
    return [path for path in ours if path.exists() and path.stat().st_mode & 0o077]


def close_to_others() -> None:
    """SQLite only: 0600 for the database and its journal, 0700 for the data folder. Windows has no such bits.

    A file of somebody else is left as it is: `seatkeeper check` names a folder that others can get at.
    """
    if connection.vendor != "sqlite" or os.name != "posix":
        return
    name = str(connection.settings_dict["NAME"])
    with suppress(FileExistsError, OSError):
        os.close(os.open(name, os.O_CREAT | os.O_EXCL, 0o600))
    for path in [Path(name + end) for end in COMPANIONS]:
        with suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
    home = SEATKEEPER.home
    if home == Path(name).parent and home != Path.home():
        with suppress(PermissionError):
            mode = home.stat().st_mode
            if mode & 0o077 and not mode & 0o1000:  # a folder with the sticky bit is everybody's
                home.chmod(0o700)
