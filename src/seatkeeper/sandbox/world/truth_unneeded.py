"""Which licences are more than their holders need: what the vendor's reports show of it, and what is really so.

Nobody can know more than the reports show, and they leave things out: uses on a computer that several people share are
not counted, and one act in some leaves no record. So what is shown and what is so are told side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from seatkeeper.sandbox.world import activations, audited, mailboxes, office_use
from seatkeeper.sandbox.world.catalog import OFFICE, POWER_BI, VISIO, Sku, product_data
from seatkeeper.sandbox.world.people import DAY, Holding, Person
from seatkeeper.sandbox.world.seats import seat_date, seats_of
from seatkeeper.sandbox.world.tenant import Tenant
from seatkeeper.sandbox.world.truth import holders

SMALL: Final = 50 * mailboxes.GB  # a mailbox that needs no licence
BEYOND: Final = ("apps", "engage", "sharepoint", "teams")  # what a suite has besides a mailbox
YOUNG: Final = 30 * DAY  # a seat of which a report says too little
SPAN: Final = 90 * DAY  # of the log of acts, in which somebody only looks
TICKS: Final = 10_000_000


class Row(NamedTuple):
    """A finding that the reports show, and whether it is so."""

    finding: str
    person: Person
    held: Holding
    so: bool


def unneeded(tenant: Tenant, read: int, product: str) -> list[dict[str, Any]]:
    """What whoever read the directory and all reports at a moment (seconds) can say of the seats of a product."""
    with tenant.lock:
        people = {person.upn.lower(): person for person in holders(tenant, read, product)}
        told = [*_mailboxes(tenant, read, product, people)]
        told += _in_the_browser(tenant, read, people) if product == OFFICE else ()
        told += _on_no_computer(tenant, read, people) if product == VISIO else ()
        told += _looking(tenant, read, people) if product == POWER_BI else ()
    return [
        {"finding": row.finding, "object_id": row.person.id, "skus": [row.held.sku.part_number], "so": row.so}
        for row in told
    ]


def _known(person: Person, people: dict[str, Person], tenant: Tenant, read: int) -> Person | None:
    """Who has the name of somebody in a report by the time it is read; nobody who came after its last day."""
    now = people.get(person.upn.lower())
    end = (read // DAY - tenant.report_lag + 1) * DAY
    return now if now and (now.created is None or now.created < end) else None


def _mailboxes(tenant: Tenant, read: int, product: str, people: dict[str, Person]) -> Iterator[Row]:
    for box in mailboxes.mailboxes(tenant, read):
        if box.kind == mailboxes.USER or (person := _known(box.person, people, tenant, read)) is None:
            continue
        own = mailboxes.mailbox_of(tenant, person)
        for held in seats_of(person, product):
            so = own is not None and own.kind != mailboxes.USER
            if not _brings_one(held.sku, product) or (box.size <= SMALL and not box.archive):
                yield Row("shared-mailbox", person, held, so)
            elif any(_has(held.sku, kind) for kind in BEYOND):
                yield Row("large-mailbox", person, held, so)


def _brings_one(sku: Sku, product: str) -> bool:
    return product == OFFICE and _has(sku, "exchange")


def _has(sku: Sku, kind: str) -> bool:
    ids = {plan["id"] for plan in product_data(OFFICE)["plans"] if plan["class"] == kind and plan["seat"]}
    return any(plan.id in ids for plan in sku.plans)


def _in_the_browser(tenant: Tenant, read: int, people: dict[str, Person]) -> Iterator[Row]:
    on_a_computer = set(_told(tenant, read, people, OFFICE, activated=True))
    for use in office_use.uses(tenant, read):
        if use.gone is not None or "web" not in use.platforms or {"windows", "mac"} & {*use.platforms}:
            continue
        person = _known(use.person, people, tenant, read)
        # A use of the day before somebody got the name is not theirs.
        if person is None or person.id in on_a_computer or not _is_of(person, [use.days[office_use.APPS]]):
            continue
        for held in _settled(person, OFFICE, read):
            if _has(held.sku, "apps"):
                yield Row("browser-only", person, held, not activations.shares(tenant, person))


def _is_of(person: Person, days: Iterable[int]) -> bool:
    return person.created is None or max(days) + DAY > person.created


def _on_no_computer(tenant: Tenant, read: int, people: dict[str, Person]) -> Iterator[Row]:
    somewhere = set(_told(tenant, read, people, VISIO, activated=True))
    for one in set(_told(tenant, read, people, VISIO, activated=False)) - somewhere:
        person = next(each for each in people.values() if each.id == one)
        for held in _settled(person, VISIO, read):
            if {plan.name for plan in held.sku.plans} >= {"VISIO_CLIENT_SUBSCRIPTION", "VISIOONLINE"}:
                yield Row("not-activated", person, held, not activations.shares(tenant, person))


def _told(tenant: Tenant, read: int, people: dict[str, Person], product: str, *, activated: bool) -> Iterator[str]:
    """Of whom a row says that software of a product is on a computer, or on none."""
    for each in activations.activated(tenant, read):
        plans = each.days if activated else each.nowhere
        if any(activations.SOFTWARE[plan][1] == product for plan in plans):
            person = _known(each.person, people, tenant, read)
            if person is not None and (not each.days or _is_of(person, each.days.values())):
                yield person.id


def _looking(tenant: Tenant, read: int, people: dict[str, Person]) -> Iterator[Row]:
    until = read - DAY  # records come late
    looks: set[str] = set()
    makes: set[str] = set()
    types = [kind for kind, _operation in audited.TYPES[POWER_BI]]
    for act in audited.acts(tenant, types, (0, read), read):
        if act.person is not None and act.at >= (until - SPAN) * TICKS:
            (looks if act.operation.startswith("View") else makes).add(act.person.id)
    for person in people.values():
        if person.id in looks - makes:
            for held in seats_of(person, POWER_BI):
                if until - seat_date(person, held, POWER_BI) >= SPAN:
                    yield Row("only-viewing", person, held, audited.only_looks(tenant, person))


def _settled(person: Person, product: str, read: int) -> Iterator[Holding]:
    """The seats that are not new."""
    return (held for held in seats_of(person, product) if read - seat_date(person, held, product) >= YOUNG)
