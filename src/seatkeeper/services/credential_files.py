"""The files that people name for a credential."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Final

from seatkeeper.errors import BadInput

LARGEST: Final = 64 * 1024


def read_credential_file(path: Path, field: str, *, binary: bool = False) -> str:
    """The text of a credential's file; base64 of what is none, where that may be. Raises BadInput."""
    try:
        with path.open("rb") as file:  # a device or a pipe tells no size
            body = file.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise BadInput(field, f"{path} is larger than 64 kB; that is no credential.")
        return body.decode()
    except OSError as error:
        raise BadInput(
            field, f"{path} cannot be read ({(error.strerror or 'no file').lower()}). Check path and permissions."
        ) from error
    except UnicodeDecodeError as error:
        if binary:
            return b64encode(body).decode()
        raise BadInput(field, f"{path} is not text. Give a secret's value, or certificate and key as PEM.") from error


def is_readable_by_others(path: Path) -> bool:
    """Whether other users of this machine can read the file (meaningless, so false, on Windows)."""
    return hasattr(path.stat(), "st_uid") and bool(path.stat().st_mode & 0o077)
