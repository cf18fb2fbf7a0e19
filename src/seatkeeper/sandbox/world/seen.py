"""What the sign-in log says of each account and one product."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from seatkeeper.sandbox.world.catalog import PROJECT
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.sign_ins import SUCCESS, UNIT, app_of, end_of, ticks_of, who_of
from seatkeeper.sandbox.world.tenant import Tenant


def stamp(ticks: int | None) -> str | None:
    """An instant in 100 ns as text with seven digits, so that texts sort as instants do."""
    if ticks is None:
        return None
    seconds, rest = divmod(ticks, 10_000_000)
    return f"{second(seconds)}.{rest:07d}Z"


def second(seconds: int) -> str:
    """An instant in seconds as text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Seen:
    """What the log says of each account."""

    def __init__(self, *, by_app: bool = False) -> None:
        """`by_app` also keeps the newest of each application, which takes room in a large tenant."""
        self.by_app = by_app
        self.direct: dict[int, int] = {}
        self.ambiguous: dict[int, int] = {}
        self.ever: dict[int, int] = {}
        self.first: dict[int, int] = {}
        self.count: dict[int, int] = {}
        self.newest: dict[int, dict[int, int]] = {}  # by account and the code of the application
        self.visible = self.late = self.gone = self.pending = 0
        self.hidden: list[tuple[int, int]] = []  # what the log does not show yet
        self.edges = (1 << 62, 0)  # in ticks, of what it no longer shows

    def lost(self) -> dict[str, Any]:
        """What can no longer be read at the source."""
        first, last = (stamp(tick) if self.gone else None for tick in self.edges)
        return {"sign_ins": self.gone, "first": first, "last": last}

    def note(self, day: int, value: int, grade: str, *, visible: bool) -> None:
        """One event; days come in order, and so do the events of a day."""
        who, when = who_of(value), ticks_of(day, value)
        if end_of(value) == SUCCESS and grade == "direct":
            self.ever[who] = when
        if not visible or end_of(value) != SUCCESS:
            return
        if self.by_app:
            self.newest.setdefault(who, {})[app_of(value)] = when
        if grade == "ambiguous":
            self.ambiguous[who] = when
            return
        self.direct[who] = when
        self.first.setdefault(who, when)
        self.count[who] = self.count.get(who, 0) + 1


def see(tenant: Tenant, now: int, product: str = PROJECT) -> Seen:
    """The whole log of the product's applications, walked through once."""
    seen = Seen(by_app=product != PROJECT)
    log = tenant.log
    graded = log.grades(product)
    mask = sum(1 << code for code in graded)
    for day in range(log.first, now // DAY + 1):
        for value in log.day(day, mask):
            created = day * DAY + (value >> 30) // UNIT
            if created > now:
                continue
            visible = log.visible(day, value, now)
            pending = visible and log.restless and log.pending(day, value, now)
            seen.pending += pending
            seen.note(day, value, graded[app_of(value)], visible=visible and not pending)
            seen.visible += visible
            if not visible and created >= now - log.keeps:
                seen.late += 1
                seen.hidden.append((day, value))
            elif not visible:
                seen.gone += 1
                seen.edges = (min(seen.edges[0], ticks_of(day, value)), max(seen.edges[1], ticks_of(day, value)))
    return seen
