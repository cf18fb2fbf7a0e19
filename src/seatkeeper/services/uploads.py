"""Uploaded files, kept between the preview and the import."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.jobs.housekeeping import sweep_uploads, uploads
from seatkeeper.services.members import Who

MOST_OF_ONE: Final = 5  # files that wait for a member to import them; a further one takes the place of the oldest
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{32}")


def keep(who: Who, data: bytes, largest: int) -> str:
    """Keep a file; the returned name finds it again. Raises BadInput for one that is too large."""
    if len(data) > largest:
        raise BadInput("file", f"The file is larger than {largest >> 20} MB.")
    sweep_uploads()
    mine = []
    for path in uploads().glob(f"{_owner(who)}.*"):
        with suppress(FileNotFoundError):  # another request of theirs may have taken it away meanwhile
            mine.append((path.stat().st_mtime, path))
    for _, path in sorted(mine, reverse=True)[MOST_OF_ONE - 1 :]:
        path.unlink(missing_ok=True)
    name = secrets.token_urlsafe(24)
    descriptor = os.open(_path(who, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return name


def read(who: Who, name: str) -> bytes:
    """A file that was kept. Raises NotFound for another member's, and for one that is too old."""
    sweep_uploads()
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
    return uploads() / f"{_owner(who)}.{name}"


def _owner(who: Who) -> str:
    return f"{who.organization_id}.{who.member_id or 0}"
