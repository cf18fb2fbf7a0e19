"""Who activated the desktop software of Office, Project and Visio, and when last. It says nothing of use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.copilot_use import refreshed
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.tenant import Tenant

# The software by the plan that brings it, as the report calls it; how it calls Visio is not written anywhere.
SOFTWARE: Final = {
    "PROJECT_CLIENT_SUBSCRIPTION": ("Project Client", "microsoft-project"),
    "VISIO_CLIENT_SUBSCRIPTION": ("Visio Client", "microsoft-visio"),
    "OFFICESUBSCRIPTION": ("Microsoft 365 Apps for enterprise", "office-365"),
    "OFFICE_BUSINESS": ("Microsoft 365 Apps for business", "office-365"),
}
_NEVER: Final = {"Una", "Vic"}  # of the people with stories; they need none
_SHARE: Final = 70  # of a hundred activate what they have


class Activated(NamedTuple):
    """A person of the report, with the day of each kind of software (midnights in seconds), and what is on no computer.

    Of what is on none, the report leaves some out.
    """

    person: Person
    days: dict[str, int]
    nowhere: tuple[str, ...]


def activated(tenant: Tenant, at: int | None = None) -> Iterator[Activated]:
    """Whoever has such software by the end of the report's day, as read at an instant; None is now."""
    if tenant.reports_empty:
        return
    day = refreshed(tenant, tenant.tick() if at is None else at) // DAY
    directory = tenant.directory
    pool = directory.pool("desktop software", lambda person: bool(_plans(person)))
    drawn = (directory.base + pool[place] for place in range(pool.size))
    for one in sorted({*range(directory.base), *drawn, *directory.changed}):
        person = directory.at(one, (day + 1) * DAY - 1)
        if person and (since := _plans(person)):
            days, nowhere = {}, []
            for plan, begin in since.items():
                luck = number(tenant.settings.seed, "activation", person.id, plan)
                moment = begin // DAY + luck // 100 % 40  # in the first weeks with the licence
                if luck % 100 < _SHARE and moment <= day and person.given not in _NEVER:
                    days[plan] = moment * DAY
                elif luck // 4_000 % 4 or person.given in _NEVER:
                    nowhere.append(plan)
            yield Activated(person, days, tuple(nowhere))


def shares(tenant: Tenant, person: Person) -> bool:
    """Whether somebody works with the desktop software on a computer that several people share: no report counts it."""
    if person.habit == "story":
        return False
    return number(tenant.settings.seed, "shared computer", person.id[:24], person.id[28:]) % 6 == 0  # as the prototype


def told(tenant: Tenant, at: int) -> Iterator[dict[str, Any]]:
    """The same for the truth: of each product the newest day."""
    for person, days, _nowhere in activated(tenant, at):
        newest: dict[str, str] = {}
        for plan, moment in days.items():
            product, text = SOFTWARE[plan][1], iso(moment)[:10]
            newest[product] = max(text, newest.get(product, text))
        yield {"user_id": person.upn, "object_id": person.id, "products": newest}


def _plans(person: Person) -> dict[str, int]:
    """Since when somebody has each plan that brings software."""
    held = [(plan.name, holding.since) for holding in person.holdings for plan in holding.enabled_plans()]
    return {name: since for name, since in held if name in SOFTWARE}
