"""The one place that asks what time it is, so that a test or `--now` can answer instead."""

from __future__ import annotations

import time
from collections.abc import Callable

from seatkeeper.model import TICKS, Instant

Clock = Callable[[], Instant]


def system_clock() -> Instant:
    """Now, by this machine."""
    return time.time_ns() // 100


def fixed_clock(instant: Instant) -> Clock:
    """A clock set by `--now`: it starts at the given instant and then runs."""
    started = time.monotonic_ns()
    return lambda: instant + (time.monotonic_ns() - started) // 100


def seconds(amount: float) -> Instant:
    """A span of time in ticks."""
    return int(amount * TICKS)


def hours(amount: float) -> Instant:
    """A span of hours in ticks."""
    return seconds(amount * 3600)


def days(amount: float) -> Instant:
    """A span of days in ticks."""
    return seconds(amount * 86_400)
