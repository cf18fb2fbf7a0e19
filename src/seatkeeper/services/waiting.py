"""Places for those who wait for a vendor, each of whom holds a thread of the pages."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from seatkeeper.errors import TooOften
from seatkeeper.services.members import Who

WAITING: Final = 6
WAITING_OF_ONE: Final = 2  # organization

_waiting: Final = Counter[int]()
_lock: Final = threading.Lock()


@contextmanager
def place(who: Who) -> Iterator[None]:
    """A place until the context ends. Raises TooOften when the organization, or all together, have theirs."""
    with _lock:
        if _waiting[who.organization_id] >= WAITING_OF_ONE or _waiting.total() >= WAITING:
            raise TooOften("Others wait for the vendor already. Try again in a minute.", retry_after=60)
        _waiting[who.organization_id] += 1
    try:
        yield
    finally:
        with _lock:
            _waiting[who.organization_id] -= 1
