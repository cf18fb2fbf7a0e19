"""How often somebody may try. Counted in the memory of the one process that serves."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from django.core.cache import cache

from seatkeeper.errors import TooOften


class Limit(NamedTuple):
    """So many tries by one source within so many seconds from the first."""

    name: str
    tries: int
    seconds: int

    def check(self, source: str) -> None:
        """Raises TooOften when the tries are used up."""
        if cache.get(self._key(source), 0) >= self.tries:
            raise TooOften("There were too many tries. Wait some minutes, then try again.")

    def note(self, source: str) -> None:
        """Count a try."""
        key = self._key(source)
        if not cache.add(key, 1, self.seconds):
            cache.incr(key)

    def _key(self, source: str) -> str:
        return f"limit:{self.name}:{hashlib.sha256(source.encode()).hexdigest()}"
