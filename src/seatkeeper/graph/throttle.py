"""Keeping to the vendor's limits: reading its Retry-After, and asking slowly enough not to need one."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

import httpx2

from seatkeeper.model import TICKS, Instant

REPORTS: Final = "reports"
ACTIVITY: Final = "activity"  # under the same limit, but slow: sign-ins go first
USAGE: Final = "usage "  # begins the families of the reports of use: each has a limit of its own (`to_usage_family`)
AUDIT_LOG: Final = "audit log"  # its searches; asking how far one is takes the whole window
POLL: Final = 5  # units of that
SHARED: Final = frozenset({REPORTS, ACTIVITY})  # families whose limit all processes keep together
WINDOW: Final = 10.0  # seconds, for both limits
# A report of use as JSON: 100 requests in 10 minutes; the same rate, in pauses that nobody takes for a stuck run.
_USAGE: Final = (5, 30.0)
# Of ours: Microsoft documents how many searches of the audit log may be under way, not how often to ask.
_AUDIT_LOG: Final = (POLL, WINDOW)
_MARGIN: Final = 0.02  # clocks that tick in steps must not make a window end too early


def to_wait(headers: httpx2.Headers, now: Instant) -> float | None:
    """How long the vendor wants us to wait, in seconds, or None when it does not say.

    All forms of Retry-After are read: seconds, fractions, a date, several (the longest counts), negative (0).
    A date is compared with the answer's own Date, because our clock may be wrong. Never raises.
    """
    waits = []
    for value in headers.get_list("retry-after"):
        try:
            wait = max(float(part) for part in value.split(","))
        except ValueError:
            until = to_moment(value.strip())
            if until is None:
                continue
            wait = (until - (to_moment(headers.get("date", "")) or now)) / TICKS
        if math.isfinite(wait):  # "inf" and "nan" are numbers to Python
            waits.append(max(0.0, wait))
    return max(waits, default=None)


def to_moment(text: str) -> Instant | None:
    """An HTTP date as an instant, or None when it is none. Never raises."""
    if len(text) > 64:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return int(moment.timestamp()) * TICKS if moment.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def to_units(target: str) -> int:
    """What a directory request costs in resource units, by Microsoft's page on throttling limits."""
    path, _, query = target.partition("?")
    options = httpx2.QueryParams(query)
    parts = path.strip("/").split("/")[1:]
    cost = {"users": 2, "subscribedSkus": 3}.get(parts[0] if parts else "", 1)
    if parts[:1] == ["users"] and len(parts) == 2 and parts[1] != "delta":
        cost = 1
    if "$select" in options:
        cost -= 1
    top = options.get("$top", "")
    if top.isascii() and top.isdecimal() and int(top[:9]) < 20:
        cost -= 1
    return max(1, cost)


def to_usage_family(report: str) -> str:
    """The family of a report of use, by its path: Microsoft counts each function by itself."""
    return USAGE + report.rpartition("/")[2].partition("(")[0].lower()


class Pacer(Protocol):
    """Who says when a request may be sent; processes that share one application registration share one."""

    def take(self, family: str, units: int) -> None:
        """Block until the request may be sent."""

    def done(self, family: str) -> None:
        """The answer to the oldest request of this family came, or it failed."""


class LocalPacer:
    """The limits for one process, in sliding 10 s: 5 `reports` requests, `units` units of `directory`.

    Each report of use has a limit of its own. A request stays in the window until 10 s after its *answer* came. The
    vendor counts when it receives, at a moment we do not know; it lies before the answer. Counting from our sending
    instead, a request that was held up on the way and the five after it could reach the vendor within 10 s and earn a
    429. Source: Microsoft's throttling limits (identity and access reports 5 in 10 s; 3,500 / 5,000 / 8,000 units in
    10 s for tenants below 50, up to 500, above 500 people; a report of use as JSON 100 in 10 minutes a function).
    """

    def __init__(
        self,
        *,
        units: int = 8_000,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._windows = {REPORTS: _Window(5), "directory": _Window(units), AUDIT_LOG: _Window(*_AUDIT_LOG)}
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def take(self, family: str, units: int) -> None:
        """Block until the request may be sent. Raises KeyError for an unknown family."""
        if family.startswith(USAGE):
            with self._lock:
                self._windows.setdefault(family, _Window(*_USAGE))
        window = self._windows[family]
        # A request dearer than the whole limit would wait for ever; so it waits for an empty window.
        cost = min(window.limit, 1 if family == REPORTS else units)
        while True:
            with self._lock:
                wait = window.take(cost, self._clock())
            if wait <= 0:
                return
            self._sleep(wait)

    def done(self, family: str) -> None:
        """Start the window of the oldest open request of this family."""
        with self._lock:
            self._windows[family].done(self._clock())


class _Window:
    def __init__(self, limit: int, seconds: float = WINDOW) -> None:
        self.limit = limit
        self.seconds = seconds
        self._open: deque[int] = deque()  # sent, not yet answered
        self._past: deque[tuple[float, int]] = deque()  # answered, with the time
        self._used = 0

    def take(self, cost: int, now: float) -> float:
        """0 when the request was let in, else seconds until it is worth asking again."""
        while self._past and self._past[0][0] + self.seconds + _MARGIN <= now:
            self._used -= self._past.popleft()[1]
        if self._used + cost <= self.limit:
            self._open.append(cost)
            self._used += cost
            return 0.0
        if self._past:
            return max(0.001, self._past[0][0] + self.seconds + _MARGIN - now)
        return 0.05  # all of it is on the way in other threads

    def done(self, now: float) -> None:
        if self._open:
            self._past.append((now, self._open.popleft()))
