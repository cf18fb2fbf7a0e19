"""How much room there is, and how much the database takes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, NamedTuple

from django.db import connection

from seatkeeper.settings import SEATKEEPER

LEAST_FREE: Final = 2**28  # bytes of the disk; below that a large run may fill it


class Disk(NamedTuple):
    """A disk that we write to, by a folder on it; in bytes."""

    folder: Path
    free: int
    size: int


def look_at_disk() -> Disk:
    """The fullest disk that we write to: the data folder's, or that of a SQLite file elsewhere."""
    folders = {SEATKEEPER.home}
    if connection.vendor == "sqlite":
        folders.add(Path(connection.settings_dict["NAME"]).parent)
    disks = []
    for folder in folders:
        usage = shutil.disk_usage(folder)
        disks.append(Disk(folder, usage.free, usage.total))
    return min(disks, key=lambda disk: disk.free)


def count_bytes() -> int:
    """The size of the database."""
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        return file.stat().st_size if file.is_file() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def count_connections() -> int:
    """Open to the database, by all processes; 0 where it is a file."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
