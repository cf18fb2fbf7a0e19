"""A secret that stands in a file, as container and service managers hand them over."""

from __future__ import annotations

from pathlib import Path

from seatkeeper.errors import BadSetting


def read_secret_file(name: str, path: str | Path) -> str:
    """What the file of the setting `name` holds, without the line's end; BadSetting never repeats what it holds."""
    file = Path(path).expanduser()
    try:
        secret = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not plain text"
        raise BadSetting(f"{name}: {file} cannot be read: {reason}") from None
    if not secret:
        raise BadSetting(f"{name}: {file} is empty. Write the secret into it")
    return secret
