"""The directory as it is at any instant: stories, crowd, and the changes that days bring."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Final

from seatkeeper.sandbox.world.catalog import MORE, PROJECT, VISIO
from seatkeeper.sandbox.world.changes import Change, gained, lost, renamed, swapped
from seatkeeper.sandbox.world.crowd import ROWS, SHEETS, Crowd
from seatkeeper.sandbox.world.dice import dice
from seatkeeper.sandbox.world.people import DAY, GHOST, Person
from seatkeeper.sandbox.world.seats import seats_of
from seatkeeper.sandbox.world.stories import story_people

KINDS: Final = ("join", "leave", "rename", "gain", "lose", "block", "return", "swap")
_SHARES: Final = (0.19, 0.19, 0.11, 0.19, 0.13, 0.07, 0.06, 0.06)
_REUSED: Final = 0.25  # of newcomers take over a name
_JOINERS_GAIN: Final = 0.3  # of new seats go to people who joined since the first day
_APART: Final = 0.1  # changes of the seats of a product that is drawn apart, for each change of the rest
RESTORABLE: Final = 30 * DAY  # how long a deleted account can be brought back
_OF_SEATS: Final = {"gain": gained, "lose": lost, "swap": swapped}


class Pool:
    """People of the crowd chosen by their prototype, so that one of a million can be drawn without a list of them."""

    def __init__(self, rows: list[list[int]], size: int) -> None:
        blocks, rest = divmod(size, ROWS)
        self._rows = rows
        self._cycle = [0, *accumulate(len(r) for r in rows)]
        cycles, extra = divmod(blocks, SHEETS)
        partial = bisect_left(rows[extra], rest)
        self.size = cycles * self._cycle[-1] + self._cycle[extra] + partial

    def __getitem__(self, ordinal: int) -> int:
        cycle, rest = divmod(ordinal, self._cycle[-1])
        sheet = bisect_right(self._cycle, rest) - 1
        return (cycle * SHEETS + sheet) * ROWS + self._rows[sheet][rest - self._cycle[sheet]]


class Directory:
    """Accounts by number: 0 … first the stories, then the crowd; who joins later gets the next number."""

    def __init__(
        self,
        seed: int,
        start: int,
        people: int,
        churn: float,
        *,
        copilot: bool = False,
        everything: bool = False,
        more_people: bool = False,
    ) -> None:
        """`churn` is changes a day per thousand people."""
        self.seed, self.start, self.people, self.churn = seed, start, people, churn
        self.everything = everything
        self.crowd = Crowd(seed, start, copilot=copilot, everything=everything)
        cast = story_people(seed, start, copilot=copilot, everything=everything, more=more_people and everything)
        self.ghost = cast.pop()
        self.stories = cast[:people]
        self.base = len(self.stories)
        self._cast = {person.given: person.number for person in (*self.stories, self.ghost)}
        self.history: dict[int, list[Change]] = {}
        self.changed: list[int] = []  # numbers with a change that has happened, in order
        self.log: list[Change] = []  # everything known, past and still to come today, in order of time
        self.happened = 0  # how many entries of the log have happened
        self.total = people
        self.removed: list[int] = []
        self._known_day = start // DAY - 1
        self._joined = people
        self.joined: list[tuple[int, int]] = []  # when and who, for the log: joiners sign in too
        self._gone: dict[int, int] = {}  # who left and may come back, and when they left
        self._names: dict[str, int] = {}
        self._pools: dict[str, Pool] = {}

    def pool(self, name: str, test: Callable[[Person], bool]) -> Pool:
        """The people of the first day whose prototype passes `test` (a function of a Person), kept under `name`."""
        found = self._pools.get(name)
        if found is None:
            size = max(self.people - self.base, 0)
            sheets = min(SHEETS, size // ROWS + 1)
            rows = [
                [n for n, p in enumerate(self.crowd.sheet(s)) if test(p)] if s < sheets else [] for s in range(SHEETS)
            ]
            found = self._pools[name] = Pool(rows, size)
        return found

    def number_in_story(self, story: str) -> int | None:
        """The number of the person of a story; None for one who is not in this tenant."""
        return self._cast.get(story)

    def original(self, number: int) -> Person:
        """The account as at the first instant, whatever happened since."""
        if number == GHOST:
            return self.ghost
        if number < self.base:
            return self.stories[number]
        return replace(self.crowd.person(number - self.base), number=number)

    def at(self, number: int, instant: int) -> Person | None:
        """The account as it was at an instant; None when it was not there."""
        found: Person | None = None
        if number < self.people:
            found = self.original(number)
        for change in self.history.get(number, ()):
            if change.at > instant:
                break
            found = change.after
        return found

    def advance(self, instant: int) -> None:
        """Apply all changes up to the instant."""
        self.know(instant // DAY)
        while self.happened < len(self.log) and self.log[self.happened].at <= instant:
            self._apply(self.log[self.happened])
            self.happened += 1

    def know(self, day: int) -> None:
        """Work out what happens until the end of a day (days since 1970)."""
        while self._known_day < day:
            self._known_day += 1
            for change in self._day(self._known_day):
                self.log.append(change)
                self.history.setdefault(change.number, []).append(change)

    def next_change(self) -> int:
        """The instant of the next change that is known, or the end of the days that are known."""
        return self.log[self.happened].at if self.happened < len(self.log) else (self._known_day + 1) * DAY

    def _apply(self, change: Change) -> None:
        number = change.number
        place = bisect_left(self.changed, number)
        if place == len(self.changed) or self.changed[place] != number:
            self.changed.insert(place, number)
        if change.kind == "join":
            self.total = max(self.total, number + 1)
        if change.after is None:
            insort(self.removed, number)
        elif change.kind == "return":
            self.removed.remove(number)
        elif change.kind in {"join", "rename"}:
            self._names[change.after.upn.lower()] = number

    def _day(self, day: int) -> Iterator[Change]:
        roll = dice(self.seed, "day", day)
        expected = self.people * self.churn / 1000
        count = int(expected) + (roll.random() < expected % 1)
        moments = [(day * DAY + roll.randrange(6 * 3600, 18 * 3600), "") for _ in range(count)]
        # With dice of their own, so that nothing else of a day depends on them.
        apart = {VISIO: dice(self.seed, "visio day", day)}
        apart |= {product: dice(self.seed, product, day) for product in (MORE if self.everything else ())}
        for product, own in apart.items():
            count = int(expected * _APART) + (own.random() < expected * _APART % 1)
            moments += [(day * DAY + own.randrange(6 * 3600, 18 * 3600), product) for _ in range(count)]
        for at, product in sorted(moments):
            if product:
                yield from self._of_seats(product, apart[product], at)
                continue
            kind = roll.choices(KINDS, _SHARES)[0]
            number = self._subject(kind, roll.random(), at)
            if at <= self.start or number is None:
                continue
            before = None if kind == "join" else self._latest(number)
            if kind == "join":
                self._joined += 1
                self.joined.append((at, number))
            after = self._after(kind, number, before, at)
            if kind == "leave":
                self._gone[number] = at
            if kind == "return":
                del self._gone[number]
            if kind in {"join", "return"} or after != before:
                yield Change(at, number, kind, after)

    def _of_seats(self, product: str, roll: random.Random, at: int) -> Iterator[Change]:
        """Somebody gets, loses or changes a seat of the product."""
        kind = roll.choices(tuple(_OF_SEATS), (5, 3, 2))[0]
        pool = (
            self.pool("all", lambda _: True)
            if kind == "gain"
            else self.pool(f"seat of {product}", lambda p: bool(seats_of(p, product)))
        )
        place = int(roll.random() * pool.size)
        if at > self.start and pool.size and not self._is_gone(number := self.base + pool[place]):
            before = self._latest(number)
            after = _OF_SEATS[kind](before, product, at)
            if after != before:
                yield Change(at, number, kind, after)

    def _subject(self, kind: str, luck: float, at: int) -> int | None:
        """The account that a change happens to: never one with a story; only those who have left can return."""
        if kind == "join":
            return self._joined
        if kind == "return":
            back = [number for number, left in self._gone.items() if left + DAY < at < left + RESTORABLE]
            return back[int(luck * len(back))] if back else None
        if kind == "gain" and self.joined and luck < _JOINERS_GAIN:
            number = self.joined[int(luck / _JOINERS_GAIN * len(self.joined))][1]
            return None if self._is_gone(number) else number
        with_seat = kind in {"lose", "swap"}
        pool = self.pool("seat", lambda p: bool(seats_of(p))) if with_seat else self.pool("all", lambda _: True)
        if not pool.size:
            return None
        number = self.base + pool[int(luck * pool.size)]
        return None if self._is_gone(number) else number

    def _is_gone(self, number: int) -> bool:
        known = self.history.get(number, [])
        return bool(known) and known[-1].after is None

    def _latest(self, number: int) -> Person:
        """The account as it is, or as it was before it left."""
        for change in reversed(self.history.get(number, ())):
            if change.after is not None:
                return change.after
        return self.original(number)

    def _newcomer(self, number: int, at: int) -> Person:
        """A new account; one in four takes over the user principal name of somebody who has left for good."""
        fresh = replace(self.original(number), created=at, holdings=(), removed=(), enabled=True, habit="never")
        roll = dice(self.seed, "newcomer", number)
        if roll.random() >= _REUSED or not self._gone:
            return fresh
        left = roll.choice(sorted(self._gone))
        del self._gone[left]
        before = self._latest(left)
        return replace(fresh, upn=before.upn, mail=before.mail, guest=before.guest)

    def _after(self, kind: str, number: int, before: Person | None, at: int) -> Person | None:
        if before is None:
            return self._newcomer(number, at)
        if kind in {"leave", "return"}:
            return None if kind == "leave" else before
        if kind == "rename":
            return renamed(before, self.seed, at)
        if kind in _OF_SEATS:
            return _OF_SEATS[kind](before, PROJECT, at)
        return replace(before, enabled=not before.enabled)

    def deleted(self, now: int) -> Iterator[tuple[Person, int]]:
        """Who was deleted and can still be restored, as they were, and when they left."""
        for number in self.changed:
            past = [change for change in self.history[number] if change.at <= now]
            if past and past[-1].after is None and now - past[-1].at <= RESTORABLE:
                before = [change.after for change in past if change.after is not None]
                yield before[-1] if before else self.original(number), past[-1].at

    def find(self, key: str, instant: int) -> Person | None:
        """The account with this object id or user principal name."""
        number = self.number_of(key)
        person = None if number is None else self.at(number, instant)
        return person if person and key.lower() in {person.id, person.upn.lower()} else None

    def number_of(self, key: str) -> int | None:
        """The number of an object id or user principal name (old names too); the account may be gone."""
        lowered = key.lower()
        for person in (*self.stories, self.ghost):
            if lowered in {person.id, person.upn.lower()}:
                return person.number
        if lowered in self._names:
            return self._names[lowered]
        place = self.crowd.place_of_upn(lowered) if "@" in lowered else self.crowd.place_of_id(lowered)
        return None if place is None or self.base + place >= self.total else self.base + place

    def everybody(self, instant: int) -> Iterator[Person]:
        """All accounts at an instant, in the order of their numbers."""
        for number in range(self._joined):
            person = self.at(number, instant)
            if person:
                yield person
