"""When the log shows a sign-in, and for how long it may still change."""

from __future__ import annotations

from typing import Final

from seatkeeper.sandbox.world.people import DAY

_LATEST: Final = {"36h": 36 * 3600, "days": 6 * DAY}  # seconds after which all is visible, where that is not a day
REWRITTEN: Final = 7_200  # seconds in which the steps of MFA are merged into the first record
_FIXED: Final = {"off": 0, "5m": 300, "2h": 7_200, "24h": DAY}  # lateness of the fault late=…


def latest_of(mode: str) -> int:
    """Seconds after which every event is visible."""
    return _LATEST.get(mode, DAY)


def delay_of(day: int, value: int, mode: str) -> int:
    """Seconds until the log shows a sign-in: 95 % within 2 minutes, 99 % within 5, the rest hours, rarely a day."""
    if mode in _FIXED:
        return _FIXED[mode]
    luck = ((value ^ (day * 0x9E3779B1)) * 0xC2B2AE3D27D4EB4F >> 24) & 0xFFFFF
    if mode == "all":
        return 2 * 3600 + luck * 22 * 3600 // 0x100000
    if mode == "36h":
        return luck * 36 * 3600 // 0x100000
    if mode == "days" and luck % 20 == 0:
        return 2 * DAY + luck * 4 * DAY // 0x100000
    if luck < 996_147:
        return luck * 120 // 996_147
    if luck < 1_038_090:
        return 120 + (luck - 996_147) * 180 // 41_943
    if luck < 1_047_527:
        return 300 + (luck - 1_038_090) * 6_900 // 9_437
    return 7_200 + (luck - 1_047_527) * (DAY - 7_200) // 1_049


def still_changes(value: int, age: int) -> bool:
    """Whether a success of this age in seconds still shows as the interrupt it began with; one in eight begins so."""
    luck = (value * 0x9E3779B97F4A7C15 >> 24) & 0xFFFF
    return luck % 8 == 0 and age < luck * REWRITTEN // 0x10000


def comes_twice(value: int) -> bool:
    """Whether a near-identical second event follows, as one does after a finding of risk: one in two hundred."""
    return (value * 0xD6E8FEB86659FD93 >> 20) & 0xFFFF < 328
