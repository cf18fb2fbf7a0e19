"""Files that somebody uploaded, put aside between the look at them and the import."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path
from typing import Final

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services.members import Who
from seatkeeper.settings import SEATKEEPER

KEPT: Final = 3600  # seconds between the preview and the import
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{32}")


def keep(who: Who, data: bytes, largest: int) -> str:
    """Put a file aside; the name that is given back finds it again. Raises BadInput for one that is too large."""
    if len(data) > largest:
        raise BadInput("file", f"The file is larger than {largest >> 20} MB.")
    _sweep()
    name = secrets.token_urlsafe(24)
    descriptor = os.open(_path(who, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return name


def read(who: Who, name: str) -> bytes:
    """The file that was put aside. Raises NotFound for another organization's, and for one that is too old."""
    _sweep()
    try:
        return _path(who, name).read_bytes()
    except FileNotFoundError:
        raise NotFound("The upload") from None


def forget(who: Who, name: str) -> None:
    _path(who, name).unlink(missing_ok=True)


def _path(who: Who, name: str) -> Path:
    """Where an upload lies: below our folder, whatever the name is."""
    if not _NAME.fullmatch(name):
        raise NotFound("The upload")
    return _folder() / f"{who.organization_id}.{name}"


def _folder() -> Path:
    folder = SEATKEEPER.home / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _sweep() -> None:
    """Nobody comes back for what was put aside an hour ago."""
    for path in _folder().iterdir():
        try:
            if path.stat().st_mtime < time.time() - KEPT:
                path.unlink()
        except FileNotFoundError:
            continue
