"""Who uses Microsoft 365 Copilot. Only Microsoft's report of its use shows it, some days late and by name.

Nobody uses it on a day without any sign-in of theirs, so the newest sign-in of an account bounds its use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from seatkeeper.sandbox.world.catalog import COPILOT
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.seats import in_force
from seatkeeper.sandbox.world.tenant import Tenant
from seatkeeper.sandbox.world.visio_use import last_days

PERIOD: Final = 180
APPS: Final = ("Teams", "Word", "Excel", "PowerPoint", "Outlook", "OneNote", "Loop", "Copilot Chat")
_NEVER: Final = 1 << 20  # days
# How many days before the report the people with stories used it last, and in what.
_STORIES: Final = {
    "Ada": (0, APPS[:5]), "Di": (2, ("Teams",)), "Flo": (9, ("Word",)), "Ivy": (1, ("Outlook", "Copilot Chat")),
    "Pat": (6, ("Excel", "Copilot Chat")),
}  # fmt: skip


class Use(NamedTuple):
    """A row of the report: somebody with a licence, as of its day, and when they used it last (midnights, seconds)."""

    person: Person
    last: int | None
    apps: dict[str, int]


def refreshed(tenant: Tenant, at: int) -> int:
    """The day that a report read at a moment knows last: its midnight in seconds."""
    return (at // DAY - tenant.report_lag) * DAY


def uses(tenant: Tenant, at: int | None = None) -> list[Use]:
    """The rows of the report as read at an instant (seconds since 1970; None is now), in the order of accounts.

    Whoever holds a licence by the end of its day, under the name that they had then.
    """
    if tenant.reports_empty:
        return []
    day = refreshed(tenant, tenant.tick() if at is None else at) // DAY
    people = [(person, *_habit(tenant, person)) for person in _people(tenant, (day + 1) * DAY - 1)]
    since = {person.number: day - age for person, age, _apps in people}
    last = last_days(tenant, since, range(day, day - PERIOD, -1))
    return [
        Use(person, newest, {} if newest is None else {app: newest - place * DAY for place, app in enumerate(apps)})
        for person, _age, apps in people
        for newest in (last.get(person.number),)
    ]


def _people(tenant: Tenant, at: int) -> Iterator[Person]:
    """Who is in the report. Looks only at accounts that changed or whose prototype holds a licence."""
    directory = tenant.directory
    pool = directory.pool("copilot use", _is_licensed)
    drawn = (directory.base + pool[place] for place in range(pool.size))
    for one in sorted({*range(directory.base), *drawn, *directory.changed}):
        person = directory.at(one, at)
        if person and _is_licensed(person):
            yield person


def _is_licensed(person: Person) -> bool:
    """By a seat of its own or inside another product's licence; with everything in it switched off nobody is."""
    usable = in_force(person)
    return any(
        held.sku.product == COPILOT and any(plan.seat and plan.id in usable for plan in held.enabled_plans())
        for held in person.holdings
    )


def _habit(tenant: Tenant, person: Person) -> tuple[int, tuple[str, ...]]:
    """How many days before a report somebody used it last, and in which applications."""
    if person.habit == "story":
        return _STORIES.get(person.given or "", (_NEVER, ()))
    luck = number(tenant.settings.seed, "copilot use", person.id[:24], person.id[28:])  # as the prototype
    share, age, first = luck % 100, luck // 100 % 7, luck // 700 % len(APPS)
    if share >= 70 or not person.enabled:
        return _NEVER, ()
    return age if share < 55 else age + 35, APPS[first : first + 1 + luck // 7000 % 3]
