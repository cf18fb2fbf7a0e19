"""Sign-ins, made a day and an application at a time and only when asked for.

An event is one whole number: ten-microsecond units since midnight UTC (33 bits), the account's number (24), the
place of the application in the catalog (4), how it ended (2). Sorting the numbers sorts the day, and a million events
take 8 MB.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from seatkeeper.sandbox.world.catalog import App, apps
from seatkeeper.sandbox.world.dice import dice, guid, number, unveil, veil
from seatkeeper.sandbox.world.directory import Directory
from seatkeeper.sandbox.world.habits import HABITS, POOLS, RATES
from seatkeeper.sandbox.world.lateness import comes_twice, delay_of, latest_of, still_changes
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.seats import seats_of
from seatkeeper.sandbox.world.stories import MORE_PEOPLE, MORE_STORIES, STORIES

UNIT: Final = 100_000  # units a second
DAY_UNITS: Final = DAY * UNIT
SUCCESS, FAILURE, INTERRUPT, DISABLED = 0, 1, 2, 3
CACHED_EVENTS: Final = 6_000_000
RETENTION: Final = 30 * DAY  # Entra ID P1/P2

_PRODUCT_APPS: Final = 8
_JOINER_RATE: Final = 0.5  # sign-ins a working day to the product by somebody who joined and holds a seat
_WEEK: Final = (1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.3)


def unit_of(value: int) -> int:
    """When in its day an event happened, in units."""
    return value >> 30


def who_of(value: int) -> int:
    """The number of the account."""
    return (value >> 6) & 0xFFFFFF


def app_of(value: int) -> int:
    """The place of the application in the catalog."""
    return (value >> 2) & 15


def end_of(value: int) -> int:
    """SUCCESS, FAILURE, INTERRUPT or DISABLED."""
    return value & 3


def ticks_of(day: int, value: int) -> int:
    """When an event happened in 100 ns since 1970; sorted as the packed numbers are."""
    unit = value >> 30
    extra = 0 if unit % 100 == 0 else ((value >> 6) & 0xFFFFFF) * 100 >> 24
    return (day * DAY_UNITS + unit) * 100 + extra


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for: an interval in ticks with both ends, applications as a mask, perhaps only some accounts."""

    low: int
    high: int
    mask: int
    people: frozenset[int] | None = None


@dataclass(slots=True)
class SignIns:
    """The log of one tenant. `first` is the day it begins; `wanted` is about how many product sign-ins 30 days have."""

    directory: Directory
    first: int
    wanted: int | None = None
    late: str = "on"
    keeps: int = RETENTION
    restless: bool = False
    _times: int = 1
    _cache: OrderedDict[tuple[int, int], array[int]] = field(default_factory=OrderedDict)
    _held: int = 0
    _scale: float = 0.0
    _salt: int = 0

    def __post_init__(self) -> None:
        self._salt = number(self.directory.seed, "sign-in ids")

    @property
    def apps(self) -> tuple[App, ...]:
        """The applications people of this tenant sign in to, by their codes."""
        return apps(everything=self.directory.everything)

    def grades(self, product: str) -> dict[int, str]:
        """What sign-ins say of a product, by the codes of the applications that say anything."""
        return {code: app.grade(product) for code, app in enumerate(self.apps) if app.grade(product) != "other"}

    def id_of(self, day: int, value: int) -> str:
        """A GUID that shows nothing of the time."""
        return guid(veil(day << 64 | value, self._salt))

    def by_id(self, id_: str) -> tuple[int, int] | None:
        """The event with this id, by undoing `id_of`."""
        try:
            day, value = divmod(unveil(int(id_.replace("-", ""), 16), self._salt), 1 << 64)
        except ValueError:
            return None
        if not self.first <= day < 1 << 20 or app_of(value) >= len(self.apps):
            return None
        stream = self.day(day, 1 << app_of(value))
        place = bisect_left(stream, value) if value < 1 << 63 else len(stream)
        return (day, value) if place < len(stream) and stream[place] == value else None

    def day(self, day: int, mask: int) -> array[int]:
        """The day's events of the applications in `mask`, oldest first."""
        found = self._cache.get((day, mask))
        if found is not None:
            self._cache.move_to_end((day, mask))
            return found
        parts = [code for code in range(len(self.apps)) if mask >> code & 1]
        if len(parts) == 1:
            found = self._make(day, parts[0])
        else:
            found = array("q", sorted(v for code in parts for v in self.day(day, 1 << code)))
        self._cache[day, mask] = found
        self._held += len(found)
        while self._held > CACHED_EVENTS and len(self._cache) > 1:
            self._held -= len(self._cache.popitem(last=False)[1])
        return found

    def visible(self, day: int, value: int, now: int) -> bool:
        """Whether the log shows the event at `now` (seconds): not too early, not too old."""
        created = day * DAY + (value >> 30) // UNIT
        return now - self.keeps <= created and created + delay_of(day, value, self.late) <= now

    def pending(self, day: int, value: int, now: int) -> bool:
        """Whether a success still shows as the interrupt it began with: MFA is merged up to 2 hours later."""
        if not self.restless or value & 3 != SUCCESS:
            return False
        return still_changes(value, now - day * DAY - (value >> 30) // UNIT)

    def flood(self, times: int) -> None:
        """Multiply the sign-ins of everybody."""
        if times != self._times:
            self._times = times
            self._cache.clear()
            self._held = 0

    def scan(
        self, window: Window, after: tuple[int, int] | None, now: int, *, newest: bool
    ) -> Iterator[tuple[int, int]]:
        """Visible events of the window in order of time, from behind `after`; `newest` first or oldest first."""
        low = max(window.low, (now - self.keeps) * UNIT * 100)
        high = min(window.high, now * UNIT * 100 + UNIT * 100 - 1)
        days = range(max(low // (DAY_UNITS * 100), self.first), high // (DAY_UNITS * 100) + 1)
        for day in reversed(days) if newest else days:
            if after and (day > after[0] if newest else day < after[0]):
                continue
            events = self.day(day, window.mask)
            begin, end = _edges(events, day, low, high)
            if after and day == after[0]:
                begin, end = _behind(events, after[1], begin, end, newest=newest)
            fresh = (day + 1) * DAY > now - latest_of(self.late)
            for place in range(end - 1, begin - 1, -1) if newest else range(begin, end):
                value = events[place]
                if window.people is not None and (value >> 6) & 0xFFFFFF not in window.people:
                    continue
                if not fresh or self.visible(day, value, now):
                    yield day, value

    def _make(self, day: int, app: int) -> array[int]:
        if day < self.first:
            return array("q")
        self.directory.know(day)
        events = set(self._of_stories(day, app))
        roll = dice(self.directory.seed, "signins", day, app)
        if app == 0:
            for name, rate, end in (
                ("weekly", 0.35, None),
                ("lapsed", 0.3, None),
                ("never", 0.02, 1),
                ("visitor", 0.1, None),
            ):
                events.update(self._of_pool(roll, day, (app, name, end), rate))
        else:
            events.update(self._of_pool(roll, day, (app, POOLS.get(app, "active"), None), RATES[app]))
        events.update(self._of_joiners(day, app))
        if self.restless:
            events.update(value + (7 << 30) for value in list(events) if comes_twice(value))
        return array("q", sorted(events))

    def _of_joiners(self, day: int, app: int) -> Iterator[int]:
        """Who joined since the first day: those with a seat use the product, everybody the rest."""
        directory = self.directory
        there = bisect_left(directory.joined, (day * DAY, 0))
        roll = dice(self.directory.seed, "joiners", day, app)
        rate = (_JOINER_RATE if app == 0 else RATES[app]) * _WEEK[(day + 3) % 7] * self._times
        expected = there * rate
        for _ in range(int(expected) + (roll.random() < expected % 1)):
            who = directory.joined[int(roll.random() * there)][1]
            unit = roll.randrange(7 * 3600 * UNIT, 17 * 3600 * UNIT)
            person = directory.at(who, day * DAY + unit // UNIT)
            if person and person.enabled and (app != 0 or seats_of(person)):
                yield unit << 30 | who << 6 | app << 2 | SUCCESS

    def _of_pool(self, roll: Random, day: int, what: tuple[int, str, int | None], rate: float) -> Iterator[int]:
        """Events of one day and application by the people of one habit."""
        app, name, end = what
        directory = self.directory
        pool = directory.pool(name, HABITS[name])
        factor = rate * _WEEK[(day + 3) % 7] * (self._factor() if app < _PRODUCT_APPS else 1)
        expected = pool.size * factor * self._times
        luck = roll.random
        for _ in range(int(expected) + (luck() < expected % 1)):
            who = directory.base + pool[int(luck() * pool.size)]
            unit = int((luck() + luck()) * 7 * 3600 * UNIT) + 6 * 3600 * UNIT
            ending = luck()
            if ending < 0.2:
                unit -= unit % (UNIT if ending < 0.1 else 100)
            if name == "lapsed" and day > directory.start // DAY - 31 - who % 10:
                continue
            if who in directory.history:
                person = directory.at(who, day * DAY + unit // UNIT)
                if person is None or not person.enabled:
                    continue
            outcome = end if end is not None else FAILURE if ending > 0.96 else INTERRUPT if ending > 0.92 else SUCCESS
            yield unit << 30 | who << 6 | app << 2 | outcome

    def _of_stories(self, day: int, app: int) -> Iterator[int]:
        directory = self.directory
        age = directory.start // DAY - day
        more = MORE_STORIES if directory.everything else {}
        for place, (name, (_, habits)) in enumerate({**STORIES, **MORE_PEOPLE}.items()):
            number = directory.number_in_story(name)
            if number is None:
                continue
            for habit in (*habits, *more.get(name, ())):
                past = habit.newest == 0 or age >= habit.newest
                if habit.app != app or age > habit.oldest or not past or (day + place) % habit.every:
                    continue
                unit = dice(directory.seed, "story", name, day, app).randrange(7 * 3600 * UNIT, 17 * 3600 * UNIT)
                end = {0: SUCCESS, 50057: DISABLED}.get(habit.error, FAILURE)
                yield unit << 30 | number << 6 | app << 2 | end

    def _factor(self) -> float:
        """What the rates of product applications are multiplied by, so that `wanted` comes out."""
        if self.wanted is None:
            return 1.0
        if not self._scale:
            pool = self.directory.pool
            a_day = pool("weekly", HABITS["weekly"]).size * 0.35 + pool("never", HABITS["never"]).size * 0.02
            a_day += pool("visitor", HABITS["visitor"]).size * 0.1
            a_day += pool("active", HABITS["active"]).size * sum(RATES[1:_PRODUCT_APPS])
            self._scale = self.wanted / max(a_day * 30 * sum(_WEEK) / 7, 1e-9)
        return self._scale


def _edges(events: array[int], day: int, low: int, high: int) -> tuple[int, int]:
    """The places of the events between two instants in ticks, both included."""
    midnight = day * DAY_UNITS
    begin = bisect_left(events, (low // 100 - midnight) << 30) if low // 100 > midnight else 0
    end = len(events)
    if high // 100 < midnight + DAY_UNITS:
        end = bisect_right(events, ((high // 100 - midnight + 1) << 30) - 1)
    while begin < end and ticks_of(day, events[begin]) < low:
        begin += 1
    while end > begin and ticks_of(day, events[end - 1]) > high:
        end -= 1
    return begin, end


def _behind(events: array[int], last: int, begin: int, end: int, *, newest: bool) -> tuple[int, int]:
    """The rest of a day behind the event a page ended with."""
    if newest:
        return begin, min(end, bisect_left(events, last))
    return max(begin, bisect_right(events, last)), end
