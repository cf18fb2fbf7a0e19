"""Non-interactive sign-ins: what applications do with a session after somebody has signed in."""

from __future__ import annotations

from array import array
from typing import Final
from weakref import WeakKeyDictionary

from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.sign_ins import DAY_UNITS, SUCCESS, UNIT, SignIns, app_of, end_of
from seatkeeper.sandbox.world.tenant import Tenant

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
