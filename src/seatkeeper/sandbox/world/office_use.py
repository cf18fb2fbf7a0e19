"""Who uses Office 365, and what of it. Only Microsoft's reports of use show it, some days late and by name.

Nobody uses anything on a day without a successful sign-in of theirs, so the newest of an account bounds its use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from seatkeeper.sandbox.world.catalog import OFFICE
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.copilot_use import refreshed
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.seats import in_force, seats_of
from seatkeeper.sandbox.world.tenant import Tenant
from seatkeeper.sandbox.world.visio_use import newest_days

PERIOD: Final = 180
WORKLOADS: Final = ("Exchange", "OneDrive", "SharePoint", "Viva Engage", "Teams")
APPS: Final = "Microsoft 365 Apps"
PLATFORMS: Final = ("windows", "mac", "mobile", "web")
_MOST: Final = 3  # days on which somebody used something last, each another
_NEVER: Final = 1 << 20  # days
_DESKTOP: Final = {"OFFICESUBSCRIPTION", "OFFICE_BUSINESS"}  # plans that bring the apps to a computer


class Habit(NamedTuple):
    """How many days before a report somebody used anything last, on which of their last days what, and where the apps.

    A place in `used` counts days back among those on which they got in: 0 is the newest.
    """

    age: int
    used: dict[str, int]
    platforms: tuple[str, ...] = ()


_NOTHING: Final = Habit(_NEVER, {})
_STORIES: Final = {
    "Hal": Habit(1, {APPS: 0, "Exchange": 1, "Teams": 1, "SharePoint": 2, "OneDrive": 2}, ("windows",)),
    "Kim": Habit(4, {"Exchange": 0, "Viva Engage": 1, APPS: 1}, ("mobile", "web")),
    "Una": Habit(1, {APPS: 0, "Exchange": 0, "Teams": 1}, ("web",)),
}


class Use(NamedTuple):
    """Somebody in the reports as of their day: when they used what last (midnights, seconds), and when they left."""

    person: Person
    days: dict[str, int]
    platforms: tuple[str, ...]
    gone: int | None = None

    @property
    def last(self) -> int | None:
        return max(self.days.values(), default=None)


def uses(tenant: Tenant, at: int | None = None) -> list[Use]:
    """Who is in the reports as read at an instant (seconds since 1970; None is now), in the order of accounts.

    Whoever holds Office 365 by the end of their day, under the name of then, and whoever was deleted with it.
    """
    if tenant.reports_empty:
        return []
    day = refreshed(tenant, tenant.tick() if at is None else at) // DAY
    known = tenant.office_uses
    if known is None or known[0] != day:
        known = tenant.office_uses = day, _work_out(tenant, day)
    found: list[Use] = known[1]
    return found


def told(tenant: Tenant, at: int) -> Iterator[dict[str, Any]]:
    """The same for the truth, without those who are gone."""
    for use in uses(tenant, at):
        if use.gone is None:
            yield {
                "user_id": use.person.upn,
                "object_id": use.person.id,
                "last_activity": None if use.last is None else iso(use.last)[:10],
                "used": {name: iso(day)[:10] for name, day in use.days.items()},
                "platforms": use.platforms,
            }


def _work_out(tenant: Tenant, day: int) -> list[Use]:
    """What the reports of a day know; the past does not change, so it is worked out once."""
    people = [(person, gone, _habit(tenant, person)) for person, gone in _people(tenant, (day + 1) * DAY - 1)]
    since = {person.number: day - habit.age for person, _gone, habit in people}
    came = newest_days(tenant, since, range(day, day - PERIOD, -1), _MOST)
    found = []
    for person, gone, habit in people:
        days = came.get(person.number, [])
        used = {name: days[min(place, len(days) - 1)] for name, place in habit.used.items()} if days else {}
        found.append(Use(person, used, habit.platforms if APPS in used else (), gone))
    return found


def _people(tenant: Tenant, at: int) -> Iterator[tuple[Person, int | None]]:
    """Looks only at accounts that changed or whose prototype holds it."""
    directory = tenant.directory
    gone = {person.number: (person, left) for person, left in directory.deleted(at) if seats_of(person, OFFICE)}
    pool = directory.pool(f"seat of {OFFICE}", lambda person: bool(seats_of(person, OFFICE)))
    drawn = (directory.base + pool[place] for place in range(pool.size))
    for one in sorted({*range(directory.base), *drawn, *directory.changed}):
        person = directory.at(one, at)
        if person and seats_of(person, OFFICE):
            yield person, None
        elif one in gone:
            yield gone[one]


def _habit(tenant: Tenant, person: Person) -> Habit:
    if person.habit == "story":
        return _STORIES.get(person.given or "", _NOTHING)
    luck = number(tenant.settings.seed, "office use", person.id[:24], person.id[28:])  # as the prototype
    share, age, first = luck % 100, luck // 100 % 7, luck // 700 % len(WORKLOADS)
    if share >= 75 or not person.enabled:
        return _NOTHING
    some = (WORKLOADS * 2)[first : first + luck // 3500 % 4]  # three at most, or only the apps
    used = {name: (place + luck // 14_000) % _MOST for place, name in enumerate(some)}
    usable = in_force(person)
    desktop = any(plan.name in _DESKTOP and plan.id in usable for held in person.holdings for plan in held.sku.plans)
    where = PLATFORMS if desktop else PLATFORMS[2:]
    platforms = tuple(name for place, name in enumerate(where) if luck // 42_000 >> place & 1)
    if platforms or not used:
        used[APPS] = luck // 700_000 % _MOST
    return Habit(age if share < 60 else age + 35, used, platforms or where[-1:])
