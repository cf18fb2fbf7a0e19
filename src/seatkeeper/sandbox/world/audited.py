"""What people do in Power BI, Dynamics 365 and Project as the audit log keeps it: by name, late, and with gaps.

Most uses leave a record of the same moment: auditing is off in some environments. Systems, applications and operators
leave theirs too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

from seatkeeper.sandbox.world.catalog import DYNAMICS, MORE, POWER_BI, PROJECT
from seatkeeper.sandbox.world.dice import number, object_guid
from seatkeeper.sandbox.world.lateness import delay_of
from seatkeeper.sandbox.world.people import DAY, GHOST, Person
from seatkeeper.sandbox.world.seen import stamp
from seatkeeper.sandbox.world.sign_ins import SUCCESS, end_of, ticks_of, who_of
from seatkeeper.sandbox.world.tenant import Tenant

KEPT: Final = 180 * DAY
MISSING: Final = 10  # one use in so many leaves no record
_MAKING: Final = (("powerBIAudit", "CreateReport"), ("powerBIAudit", "EditDataset"))
# By product: each type of its records with an operation.
TYPES: Final = {
    PROJECT: (("projectForTheWebProject", "ProjectAccessed"), ("projectForTheWebTask", "TaskUpdated")),
    POWER_BI: (("powerBIAudit", "ViewReport"), ("powerBIAudit", "ViewDashboard"), *_MAKING),
    DYNAMICS: (("crm", "CrmDefaultActivity"),),
}
_LOOKING: Final = {"Wes", "Flo"}  # of the people with stories
_OTHERS: Final = ("system", "application", "dcAdmin")  # who leaves records of each type every day


class Act(NamedTuple):
    """A record; `at` is in 100 ns since 1970, `person` as of then, None for what is no person of the tenant."""

    id: str
    at: int
    type: str
    operation: str
    user_type: str
    person: Person | None


def acts(tenant: Tenant, types: Collection[str], span: tuple[int, int], known: int) -> Iterator[Act]:
    """Records of some types from a time (seconds, both ends included) that the log holds at the moment `known`."""
    start, end = max(span[0], known - KEPT), min(span[1], known)
    asked = {kind.casefold() for kind in types}
    for product in (PROJECT, *MORE) if tenant.settings.everything else (PROJECT,):
        kinds = [(kind, operation) for kind, operation in TYPES[product] if kind.casefold() in asked]
        for day in range(max(tenant.log.first, start // DAY), end // DAY + 1) if kinds else ():
            found = [*_of_people(tenant, product, day, known), *_of_others(tenant, product, day)]
            yield from (act for act in found if (act.type, act.operation) in kinds and start <= act.at // 10**7 <= end)


def _of_people(tenant: Tenant, product: str, day: int, known: int) -> Iterator[Act]:
    seed, log, directory = tenant.settings.seed, tenant.log, tenant.directory
    mask = sum(1 << code for code, grade in log.grades(product).items() if grade == "direct")
    for value in log.day(day, mask):
        who, at = who_of(value), ticks_of(day, value)
        luck = number(seed, "audited", day, value)
        late = at // 10**7 + delay_of(day, value, "days") > known
        if end_of(value) != SUCCESS or who == GHOST or luck % MISSING == 0 or late:
            continue
        person = directory.at(who, at // 10**7)
        if person is not None:
            kind, operation = _choose(tenant, product, person, luck // 100)
            user_type = "admin" if luck // 1_000 % 50 == 0 else "regular"
            yield Act(object_guid(seed, "act", product, day, value), at, kind, operation, user_type, person)


def _choose(tenant: Tenant, product: str, person: Person, luck: int) -> tuple[str, str]:
    """What somebody did. Who only looks at what others made makes nothing."""
    some = TYPES[product]
    if product == POWER_BI and only_looks(tenant, person):
        some = tuple(one for one in some if one not in _MAKING)
    return some[luck % len(some)]


def only_looks(tenant: Tenant, person: Person) -> bool:
    """Whether somebody never makes anything in Power BI."""
    if person.habit == "story":
        return person.given in _LOOKING
    return number(tenant.settings.seed, "looks", person.id[:24], person.id[28:]) % 3 == 0  # as the prototype


def _of_others(tenant: Tenant, product: str, day: int) -> Iterator[Act]:
    for hour, user_type in enumerate(_OTHERS, start=1):
        kind, operation = TYPES[product][0]
        id_ = object_guid(tenant.settings.seed, "act", product, day, user_type)
        yield Act(id_, (day * DAY + hour * 3600) * 10**7, kind, operation, user_type, None)


def told(tenant: Tenant, product: str, now: int) -> Iterator[dict[str, Any]]:
    """For the truth: the newest record of each account."""
    newest: dict[str, int] = {}
    for act in acts(tenant, [kind for kind, _operation in TYPES[product]], (0, now), now):
        if act.person is not None:
            newest[act.person.id] = max(act.at, newest.get(act.person.id, 0))
    for object_id, at in sorted(newest.items()):
        yield {"object_id": object_id, "last": stamp(at)}
