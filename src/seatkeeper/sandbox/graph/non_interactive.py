"""Non-interactive sign-ins: what applications do with a session after somebody has signed in. Only beta shows them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from heapq import merge
from typing import Final
from weakref import WeakKeyDictionary

from seatkeeper.sandbox.graph.rows import sign_in_rows
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.sign_ins import DAY_UNITS, SUCCESS, UNIT, SignIns, Window, app_of, end_of, ticks_of
from seatkeeper.sandbox.world.tenant import Tenant

KINDS: Final = ("interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity")
_HOUR: Final = 3600 * UNIT
_LAST: Final = (1 << 33) - 1  # of a day's units fits the packed number
_EVENT: Final = (1 << 30) - 1  # account, application and ending


class Background(SignIns):
    """Every successful sign-in is followed by one to four silent renewals, three hours or so apart."""

    def __init__(self, log: SignIns) -> None:
        super().__init__(log.directory, log.first, late=log.late)
        self.log = log
        self._salt = number(log.directory.seed, "background sign-in ids")

    def _make(self, day: int, app: int) -> array[int]:
        found = set()
        for before in (day - 1, day):
            for value in self.log.day(before, 1 << app):
                if end_of(value) != SUCCESS:
                    continue
                luck = (value * 0xC2B2AE3D27D4EB4F) >> 20 & 0xFFFFFF
                for turn in range(1, 2 + luck % 4):
                    unit = (before - day) * DAY_UNITS + (value >> 30) + turn * 3 * _HOUR + luck * turn % _HOUR
                    if 0 <= unit <= _LAST:
                        found.add(unit << 30 | value & _EVENT)
        return array("q", sorted(found))

    def has(self, day: int, value: int) -> bool:
        """Whether an event is one of these and not an interactive one."""
        return value not in self.log.day(day, 1 << app_of(value)) and value in self.day(day, 1 << app_of(value))


_logs: WeakKeyDictionary[Tenant, Background] = WeakKeyDictionary()


def background(tenant: Tenant) -> Background:
    """The non-interactive log of a tenant, made once."""
    found = _logs.get(tenant)
    if found is None or found.log is not tenant.log:
        found = _logs[tenant] = Background(tenant.log)
    found.late, found.keeps = tenant.log.late, tenant.log.keeps
    return found


class BetaLog:
    """The sign-in log as beta serves it: the kinds of events that the filter asks for, and what kind each is."""

    def __init__(self, tenant: Tenant, kinds: frozenset[str]) -> None:
        self.tenant, self.kinds = tenant, kinds
        self.silent = background(tenant)

    def scan(
        self, window: Window, after: tuple[int, int] | None, now: int, *, newest: bool
    ) -> Iterator[tuple[int, int]]:
        """Events of the kinds in order of time; applications and managed identities have none here."""
        logs = [self.tenant.log] if "interactiveUser" in self.kinds else []
        if "nonInteractiveUser" in self.kinds:
            logs.append(self.silent)
        streams = [log.scan(window, after, now, newest=newest) for log in logs]
        return merge(*streams, key=lambda event: ticks_of(*event), reverse=newest)

    def row(self, day: int, value: int) -> bytes:
        """A row of v1.0 with the kind of event added."""
        row = sign_in_rows(self.tenant).row(day, value, self.tenant.seconds)
        if not self.silent.has(day, value):
            return row[:-1] + b',"signInEventTypes":["interactiveUser"]}'
        old, new = self.tenant.log.id_of(day, value).encode(), self.silent.id_of(day, value).encode()
        row = row.replace(old, new, 1).replace(b'"isInteractive":true', b'"isInteractive":false', 1)
        return row[:-1] + b',"signInEventTypes":["nonInteractiveUser"]}'
