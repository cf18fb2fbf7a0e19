"""The key file: the key in use as its first lines, and below it those that only open what they have sealed before.

    Xk3…            in use: it seals and opens
    next: 9fA…      of a rotation under way: it opens, until every process knows it
    old: Qm1…       of an earlier rotation: it opens, until it is forgotten

A key in use may have several lines, as some programs write one; so the others say what they are.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from seatkeeper.errors import BadSetting
from seatkeeper.settings.secret_files import read_secret_file

SECRET_LENGTH: Final = 32  # characters at least: fewer could be guessed, and everything sealed hangs on it
_NEXT: Final = "next:"
_OLD: Final = "old:"


class Keys(NamedTuple):
    """The texts of a key file."""

    current: str
    next: str = ""
    old: tuple[str, ...] = ()

    @property
    def others(self) -> list[str]:
        """What opens besides the key in use."""
        return [self.next, *self.old] if self.next else list(self.old)

    def __repr__(self) -> str:
        return f"Keys({1 + len(self.others)})"


def parse_keys(name: str, text: str) -> Keys:
    """Raises BadSetting with the setting's `name` for a key that could be guessed."""
    lines = [line.strip() for line in text.strip().splitlines()]
    marked = [line for line in lines if line.startswith((_NEXT, _OLD))]
    found = {mark: [line[len(mark) :].strip() for line in marked if line.startswith(mark)] for mark in (_NEXT, _OLD)}
    current = "\n".join(line for line in lines if line not in marked).strip()
    for key in (current, *found[_NEXT], *found[_OLD]):
        if len(key) < SECRET_LENGTH:
            raise BadSetting(
                f"{name} is too short: it needs at least {SECRET_LENGTH} random characters. "
                'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
    return Keys(current, found[_NEXT][0] if found[_NEXT] else "", (*found[_NEXT][1:], *found[_OLD]))


def read_keys(name: str, path: Path) -> Keys:
    """Raises BadSetting with the setting's `name` for a file that cannot be read or holds no key."""
    return parse_keys(name, read_secret_file(name, path))


def make_key() -> str:
    return secrets.token_urlsafe(48)


def write_keys(path: Path, keys: Keys, *, replace: bool = True) -> bool:
    """The whole file at once, closed to others; without `replace` only where there is none. Raises OSError.

    Returns whether it was written: of two first starts one makes the key.
    """
    lines = [keys.current, *(f"{_NEXT} {key}" for key in [keys.next] if key), *(f"{_OLD} {key}" for key in keys.old)]
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
            return True
        try:
            os.link(draft, path)  # unlike rename, it never replaces the key another start has just made
        except FileExistsError:
            return False
        return True
    finally:
        draft.unlink(missing_ok=True)
