"""Passwords as argon2, with what they may cost the machine."""

from __future__ import annotations

from threading import Semaphore
from typing import Final

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE: Final = 4
_places: Final = Semaphore(AT_ONCE)


class BoundedArgon2(Argon2PasswordHasher):
    """64 MB a hash, and only so many at once: a crowd at the door waits, the machine does not run out of memory."""

    time_cost = 3
    memory_cost = 64 * 1024  # in KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _places:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _places:
            return super().verify(password, encoded)
