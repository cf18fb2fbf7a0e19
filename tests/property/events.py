"""Every sign-in that the tenant's log ever holds, with the moment from which it is told."""

from __future__ import annotations

import json
from typing import NamedTuple

from seatkeeper.model import Instant, to_instant
from seatkeeper.sandbox.catalog import apps
from seatkeeper.sandbox.signins import RETENTION, UNIT, app_of
from tests.property.source import Source

DAY = 86_400


class Event(NamedTuple):
    id: str
    created: Instant
    account: str
    error_code: int


class Log:
    """Made a day at a time and kept; the tenant makes the same each time it is asked."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.first = (source.tenant.seconds - RETENTION) // DAY
        self._days: dict[int, list[Event]] = {}

    def events(self) -> list[Event]:
        """All that happened by now, told or not yet."""
        now = self.source.now
        days = range(self.first, self.source.tenant.seconds // DAY + 1)
        return [event for day in days for event in self._day(day) if event.created <= now]

    def told(self) -> set[str]:
        return {event.id for event in self.events()}

    def successes(self) -> list[Event]:
        return [event for event in self.events() if not event.error_code]

    def _day(self, day: int) -> list[Event]:
        today = self.source.tenant.seconds // DAY
        if day in self._days and day < today:
            return self._days[day]
        tenant = self.source.tenant
        mask = sum(1 << code for code, app in enumerate(apps()) if app.grade != "other")
        found = []
        for value in tenant.log.day(day, mask):
            assert app_of(value) < len(apps())
            assert (value >> 30) // UNIT < DAY
            row = json.loads(tenant.sign_in_rows.row(day, value))
            found.append(
                Event(row["id"], to_instant(row["createdDateTime"]), row["userId"] or "", row["status"]["errorCode"])
            )
        self._days[day] = found
        return found
