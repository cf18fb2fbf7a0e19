"""The keys that this process knows, by ids that tell nothing about them. A changed key file is read without a restart.

Django keeps the texts: SECRET_KEY seals and signs, and what SECRET_KEY_FALLBACKS holds still opens and is believed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.keys import Keys, read_keys
from seatkeeper.settings.reader import SECRET_KEY_FILE

ID_LENGTH: Final = 8  # bytes

_last_seen: list[tuple[int, int, int]] = []


class SealingKey(NamedTuple):
    """What a text of the key file gives: a key for AES-256-GCM, and its id."""

    key: bytes
    id: bytes


def list_keys() -> list[SealingKey]:
    """The key in use first, then those that only open."""
    return [derive(text) for text in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@lru_cache(maxsize=64)
def derive(text: str) -> SealingKey:
    both = HKDF(algorithm=SHA256(), length=32 + ID_LENGTH, salt=None, info=b"seatkeeper seal 1").derive(text.encode())
    return SealingKey(both[:32], both[32:])


def follow() -> bool:
    """Read the key file again if it has changed, and say whether the keys did. Costs a look at its date.

    Raises BadSetting for a file that cannot be read (any more); the keys stay as they were.
    """
    path = SEATKEEPER.key_file
    if path is None or (seen := _look(path)) in _last_seen:
        return False
    keys = read_keys(SECRET_KEY_FILE, path)
    before = settings.SECRET_KEY, list(settings.SECRET_KEY_FALLBACKS)
    use(keys)
    _last_seen[:] = [seen]
    return (settings.SECRET_KEY, list(settings.SECRET_KEY_FALLBACKS)) != before


def use(keys: Keys) -> None:
    """In an order in which another thread opens everything at any moment."""
    settings.SECRET_KEY_FALLBACKS = [keys.current, *keys.others, settings.SECRET_KEY]
    settings.SECRET_KEY = keys.current
    settings.SECRET_KEY_FALLBACKS = keys.others


def _look(path: Path) -> tuple[int, int, int]:
    try:
        told = path.stat()
    except OSError:
        return (0, 0, 0)
    return told.st_mtime_ns, told.st_ino, told.st_size


follow()  # it may have changed since the settings were read
