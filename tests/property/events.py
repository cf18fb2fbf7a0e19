"""Every sign-in that the tenant's log ever holds, with the moment from which it is told."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import NamedTuple

from seatkeeper.model import Instant, to_instant
from seatkeeper.sandbox.graph.rows import sign_in_rows
from seatkeeper.sandbox.world.catalog import apps
from seatkeeper.sandbox.world.sign_ins import RETENTION, UNIT, app_of
from tests.property.source import Source

DAY = 86_400
created = attrgetter("created")


class Event(NamedTuple):
    id: str
    created: Instant
    account: str
    error_code: int


class Log:
    """Made a day at a time and kept; the tenant makes the same each time it is asked."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._day = (source.tenant.seconds - RETENTION) // DAY  # the first that is not over yet, or was not made
        self._over: list[Event] = []  # of all days before it
        self._now: Instant | None = None
        self._events: list[Event] = []
        self._told: set[str] = set()

    def events(self) -> list[Event]:
        """All that happened by now, told or not yet, the oldest first."""
        if self._now != self.source.now:
            self._now, today = self.source.now, self.source.tenant.seconds // DAY
            for day in range(self._day, today):
                self._over += self._make(day)
            self._day = today
            self._events = self._over + [event for event in self._make(today) if event.created <= self._now]
            self._events.sort(key=created)
            self._told = {event.id for event in self._events}
        return self._events

    def told(self) -> set[str]:
        self.events()
        return self._told

    def between(self, start: Instant, end: Instant) -> list[Event]:
        """Those of a stretch of time, both ends included."""
        events = self.events()
        return events[bisect_left(events, start, key=created) : bisect_right(events, end, key=created)]

    def _make(self, day: int) -> list[Event]:
        tenant = self.source.tenant
        mask = sum(1 << code for code, app in enumerate(apps()) if app.grade() != "other")
        found = []
        for value in tenant.log.day(day, mask):
            assert app_of(value) < len(apps())
            assert (value >> 30) // UNIT < DAY
            row = json.loads(sign_in_rows(tenant).row(day, value, tenant.seconds))
            found.append(
                Event(row["id"], to_instant(row["createdDateTime"]), row["userId"] or "", row["status"]["errorCode"])
            )
        return found
