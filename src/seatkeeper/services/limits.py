"""Guessing is slowed down, and nobody is locked out: whoever fails waits longer each time, and is told how long.

Counted in the database, so that a limit holds across processes and restarts. No thread waits.
"""

from __future__ import annotations

import hashlib
import ipaddress
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from django.db import transaction

from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import TooOften
from seatkeeper.store.models import Attempt

FIRST_WAIT: Final = 5  # seconds; each further failure doubles it
LONGEST_WAIT: Final = 300
FORGOTTEN_AFTER: Final = seconds(3600)  # without a try


class Limit(NamedTuple):
    """So many failures of one source cost nothing; after each further one it waits, and longer each time."""

    name: str
    tries: int

    def check(self, source: str) -> None:
        """Raises TooOften while the source has to wait."""
        if attempt := Attempt.objects.filter(key=self._key(source)).first():
            _refuse_early(attempt, system_clock())

    def note(self, source: str) -> None:
        """Count a try, before anybody knows how it ends: of many at once none is free. Raises TooOften as `check`."""
        now = system_clock()
        with transaction.atomic():
            attempt, is_new = Attempt.objects.select_for_update().get_or_create(
                key=self._key(source), defaults={"last": now}
            )
            if is_new:
                Attempt.objects.filter(last__lt=now - FORGOTTEN_AFTER).delete()
            _refuse_early(attempt, now)
            attempt.count = 1 if attempt.last < now - FORGOTTEN_AFTER else attempt.count + 1
            attempt.last = now
            over = attempt.count - self.tries
            wait = min(FIRST_WAIT << min(over, 16), LONGEST_WAIT) if over >= 0 else 0
            attempt.until = now + seconds(wait) if wait else 0
            attempt.save()

    def take_back(self, source: str) -> None:
        """The try that was counted last was no guess."""
        with transaction.atomic():
            if attempt := Attempt.objects.select_for_update().filter(key=self._key(source)).first():
                attempt.count, attempt.until = max(0, attempt.count - 1), 0
                attempt.save()

    def _key(self, source: str) -> str:
        return _to_key(self.name, source)


class Budget(NamedTuple):
    """So many of something for one source within so many seconds from the first; what is no guess and has its use."""

    name: str
    tries: int
    seconds: int

    def take(self, source: str) -> None:
        """Raises TooOften when there is nothing left."""
        now, window = system_clock(), seconds(self.seconds)
        with transaction.atomic():
            spent, _ = Attempt.objects.select_for_update().get_or_create(
                key=_to_key(self.name, source), defaults={"last": now}
            )
            if not 0 <= now - spent.last < window:
                spent.count, spent.last = 0, now
            if spent.count >= self.tries:
                _refuse(spent.last + window - now)
            spent.count += 1
            spent.save()


BY_ACCOUNT: Final = Limit("sign-in", tries=5)  # as seen from one address: whoever is elsewhere is not kept out
BY_ADDRESS: Final = Limit("sign-in from", tries=20)
BY_CODE: Final = Limit("second factor", tries=5)  # by member: whoever comes so far has the password


@lru_cache(4096)
def to_network(address: str) -> str:
    """Who an address stands for: of IPv6 its first 64 bits, because one caller has all the others."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


def _refuse_early(attempt: Attempt, now: int) -> None:
    wait = attempt.until - now
    if 0 < wait <= seconds(LONGEST_WAIT):  # more than that was written by a clock that was wrong
        _refuse(wait)


def _refuse(wait: int) -> NoReturn:
    whole = -(-wait // seconds(1))
    raise TooOften(f"There were too many tries. Wait {whole} seconds, then try again.", retry_after=whole)


def _to_key(name: str, source: str) -> str:
    return f"{name}:{hashlib.sha256(source.encode('utf-8', 'replace')).hexdigest()}"
