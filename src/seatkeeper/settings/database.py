"""SEATKEEPER_DATABASE_URL as Django's settings. No message here repeats the URL: it holds a password."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from seatkeeper.errors import BadSetting

FORMS: Final = (
    "Write sqlite:///absolute/path or postgresql://user:password@host:5432/database "
    "(or postgresql://user:password@/database?host=/folder/of/the/socket)"
)

# What one large transaction added to the journal is given back to the disk.
JOURNAL_BYTES: Final = 16_777_216

# The lock of a page's transaction is short; a backup or a long report may hold it for longer.
BUSY_SECONDS: Final = 30

# Whoever sleeps inside a transaction keeps its rows locked. After this long PostgreSQL ends it, and another process
# takes its task over. The longest pause between two statements of ours is that of a page being prepared: far shorter.
IDLE_SECONDS: Final = 25

# A thread of the pages keeps its connection for so long, rather than open one for each request.
KEPT_SECONDS: Final = 60

# In older builds two connections can reset the write-ahead log at once and damage the database file.
WAL_IS_SAFE: Final = sqlite3.sqlite_version_info >= (3, 51, 3)

_POSTGRES_OPTIONS: Final = ("host", "sslmode", "sslrootcert")


def read_database(name: str, url: str | None, default: Path) -> dict[str, Any]:
    """Django's settings for a database URL; raises BadSetting with the setting's `name`."""
    if url is None:
        return sqlite_settings(default)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadSetting(
            f"{name} cannot be read. {FORMS}. Signs like @ : / in the password are written %40 %3A %2F"
        ) from None
    if parts.scheme == "sqlite":
        if parts.netloc or parts.query or parts.fragment or not parts.path.startswith("/"):
            raise BadSetting(
                f"{name} needs three slashes and a plain absolute path (? is written %3F, # is %23). {FORMS}"
            )
        path = Path("/" + unquote(parts.path).lstrip("/"))
        if re.match(r"/[A-Za-z]:/", str(path)):
            path = Path(str(path)[1:])  # sqlite:///C:/folder/file on Windows
        if path.is_dir() or not path.parent.is_dir():
            raise BadSetting(
                f"{name}: {path} cannot be a database file: its folder must exist and it must not be a folder"
            )
        return sqlite_settings(path)
    if parts.scheme in ("postgresql", "postgres"):
        return _postgres_settings(name, parts, port)
    raise BadSetting(f"{name} does not name a database that Seatkeeper knows. {FORMS}")


def sqlite_settings(path: Path) -> dict[str, Any]:
    """One file, durable at every commit."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            # Take the write lock at BEGIN: a transaction that reads first and writes later would otherwise
            # fail at once, without waiting, when another process wrote in between.
            "transaction_mode": "IMMEDIATE",
            "timeout": BUSY_SECONDS,
            "init_command": ";".join(
                (
                    # PERSIST keeps the journal file and its place on the disk from commit to commit, which
                    # saves a fifth of the cost of writing accounts.
                    f"PRAGMA journal_mode={'WAL' if WAL_IS_SAFE else 'PERSIST'}",
                    f"PRAGMA journal_size_limit={JOURNAL_BYTES}",
                    # What is deleted is overwritten: a member who is removed, an HR list that is replaced.
                    "PRAGMA secure_delete=ON",
                    # A committed page survives a power cut: its checkpoint says it need not be read again.
                    "PRAGMA synchronous=FULL",
                    # Temporary tables hold people's names: they never reach the disk.
                    "PRAGMA temp_store=MEMORY",
                    # Free pages can be given back a few at a time. It holds for a new file, and for an older one
                    # from the next time that it is written anew (VACUUM).
                    "PRAGMA auto_vacuum=INCREMENTAL",
                    # In KiB: what keeps the upper levels of the indexes of a million accounts at hand and
                    # the whole process far below 150 MB.
                    "PRAGMA cache_size=-32768",
                )
            ),
        },
    }


def _postgres_settings(name: str, parts: SplitResult, port: int | None) -> dict[str, Any]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    database = unquote(parts.path[1:])
    if not options.keys() <= set(_POSTGRES_OPTIONS):
        # A password with a bare ? ends up here, so what was given is not repeated.
        raise BadSetting(f"{name} has an option that is not one of {', '.join(_POSTGRES_OPTIONS)}. {FORMS}")
    if not database or "/" in database or parts.fragment:
        raise BadSetting(f"{name} does not name the database. {FORMS}")
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "CONN_MAX_AGE": KEPT_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "options": f"-c idle_in_transaction_session_timeout={round(IDLE_SECONDS * 1000)}"},
    }
