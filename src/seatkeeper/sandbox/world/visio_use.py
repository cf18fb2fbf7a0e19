"""Who uses Visio. No sign-in shows it; only the admin center's report "Visio activity" does.

Nobody uses it on a day without any sign-in of theirs, so the newest sign-in of an account bounds its use.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from seatkeeper.sandbox.world.catalog import VISIO
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.concealed import conceal
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.seats import seats_of
from seatkeeper.sandbox.world.sign_ins import SUCCESS, end_of, who_of
from seatkeeper.sandbox.world.tenant import Tenant

BEHIND: Final = 2 * DAY  # reports are so far behind
PERIODS: Final = (7, 30, 90, 180)
_COLUMNS: Final = ("User name", "Display name", "Last activity date", "Desktop", "Web")
_NEVER: Final = 1 << 20  # days
# How many days before the report the people with stories used it last, on the desktop and on the web.
_STORIES: Final = {
    "Ada": (0, True, True), "Di": (3, False, True), "Flo": (2, False, True), "Hal": (1, False, True),
    "Ivy": (6, False, True), "Kim": (5, False, True), "Ned": (4, True, False), "Vic": (2, False, True),
}  # fmt: skip


class Use(NamedTuple):
    """A line of the report: when somebody used Visio last (midnight, in seconds), and by what in the period."""

    person: Person
    last: int | None
    desktop: bool
    web: bool


def uses(tenant: Tenant, period: int = 180, at: int | None = None) -> list[Use]:
    """The lines of the report as exported at an instant (seconds since 1970; None is now), in the order of accounts.

    Lists everybody with a seat, and those who used the Visio that comes with a Microsoft 365 suite. `period` is days;
    ValueError for one that the admin center does not offer.
    """
    if period not in PERIODS:
        raise ValueError(f"period: {period} is none of {', '.join(map(str, PERIODS))}")
    now = tenant.tick() if at is None else at
    until = (now - BEHIND) // DAY
    people = [(person, _habit(tenant, person)) for person in _people(tenant, now)]
    since = {person.number: until - age for person, (age, _desktop, _web) in people}
    last = last_days(tenant, since, range(until, until - period, -1))
    found = []
    for person, (_age, desktop, web) in people:
        if person.number in last:
            found.append(Use(person, last[person.number], desktop, web))
        elif seats_of(person, VISIO):
            found.append(Use(person, None, desktop=False, web=False))
    return found


def last_days(tenant: Tenant, since: Mapping[int, int], days: range) -> dict[int, int]:
    """The newest of the days, no later than `since` says, on which each got in anywhere: its midnight in seconds."""
    return {who: found[0] for who, found in newest_days(tenant, since, days, 1).items()}


def newest_days(tenant: Tenant, since: Mapping[int, int], days: range, most: int) -> dict[int, list[int]]:
    """The same with up to `most` days of each, the newest first."""
    found: dict[int, list[int]] = {}
    for day in days:
        for value in tenant.log.day(day, -1) if day >= tenant.log.first else ():
            who = who_of(value)
            if day <= since.get(who, 0) and end_of(value) == SUCCESS:
                known = found.setdefault(who, [])
                if len(known) < most and day * DAY not in known:
                    known.append(day * DAY)
    return found


def report(tenant: Tenant, period: int = 180, at: int | None = None) -> str:
    """The report as the CSV file that an administrator downloads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for person, last, desktop, web in uses(tenant, period, at):
        shown = conceal(person) if tenant.concealed or tenant.conceal_reports else person
        day = "" if last is None else iso(last)[:10]
        writer.writerow((shown.upn, shown.display, day, *("Yes" if used else "No" for used in (desktop, web))))
    return text.getvalue()


def _people(tenant: Tenant, now: int) -> Iterator[Person]:
    """Who may be in the report. Looks only at accounts that changed or whose prototype may be in it."""
    directory = tenant.directory
    pool = directory.pool("visio use", lambda person: _may_use(tenant, person))
    drawn = (directory.base + pool[place] for place in range(pool.size))
    for one in sorted({*range(directory.base), *drawn, *directory.changed}):
        person = directory.at(one, now)
        if person and _may_use(tenant, person):
            yield person


def _may_use(tenant: Tenant, person: Person) -> bool:
    suite = any(held.sku.kind == "suite" for held in person.holdings)
    return bool(seats_of(person, VISIO)) or (suite and _habit(tenant, person)[0] < _NEVER)


def _habit(tenant: Tenant, person: Person) -> tuple[int, bool, bool]:
    """How many days before a report somebody used Visio last, and whether on the desktop and on the web."""
    if person.habit == "story":
        return _STORIES.get(person.given or "", (_NEVER, False, False))
    luck = number(tenant.settings.seed, "visio use", person.id[:24], person.id[28:])  # as the prototype
    share, age = luck % 100, luck // 100 % 7
    plans = {plan.name for held in seats_of(person, VISIO) for plan in held.enabled_plans()}
    if not plans:
        return age if share < 5 else _NEVER, False, True
    desktop = "VISIO_CLIENT_SUBSCRIPTION" in plans and luck // 700 % 10 < 6
    age = age if share < 60 else age + 35 if share < 75 else _NEVER
    return age, desktop, not desktop or luck // 7000 % 2 == 0
