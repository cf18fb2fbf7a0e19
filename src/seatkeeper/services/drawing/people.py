"""The people that pages list: those on the roster, and those who used the product although they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from seatkeeper.connectors.microsoft.products import Product
from seatkeeper.insights.base import Holder, Picture
from seatkeeper.insights.evidence import activity
from seatkeeper.model import Grade, Instant, Key, to_id
from seatkeeper.services.drawing.worth import Worth
from seatkeeper.store import uses
from seatkeeper.store.bulk.drawn import HoldingRow, StrangerRow
from seatkeeper.store.models import Application, Employee, Recognition


class Told(NamedTuple):
    """What the list of employees says of an address."""

    active: bool
    cost_center: str


Employees = Mapping[str, Told]
LONGEST: Final = 400


def list_employees(application: Application) -> Employees:
    """The organization's list by address in lower case; empty when none was imported."""
    rows = Employee.objects.filter(organization_id=application.organization_id)
    found = rows.values_list("email", "active", "cost_center")
    return {email: Told(active, cost_center) for email, active, cost_center in found.iterator(2000)}


def find_employee(employees: Employees, *addresses: str | None) -> Told | None:
    """By the first of a person's addresses that the list has."""
    found = (employees.get(address.casefold()) for address in addresses if address)
    return next((told for told in found if told is not None), None)


def to_words(*names: str | None) -> str:
    """Names in lower case, to search in."""
    return " ".join(name.casefold() for name in names if name)


def shorten(name: str) -> str:
    """A name that fits an index of PostgreSQL, which takes 2,700 bytes at most: a hostile tenant has longer ones."""
    return name[:LONGEST]


def assigned_by(holder: Holder) -> str:
    """How the person came by the seats: direct, group, or both."""
    ways = {way for seat in holder.seats for way in seat.assigned_by.split(", ") if way}
    return ", ".join(sorted(ways))


def to_holdings(picture: Picture, employees: Employees, worth: Worth) -> Iterator[HoldingRow]:
    for h in picture.holders:
        object_id = to_id(h.account)
        told = find_employee(employees, h.mail, h.user_id)
        yield HoldingRow(
            account=h.account,
            object_id=object_id,
            user_id=shorten(h.user_id),
            email=h.mail,
            first_name=h.first_name,
            last_name=h.last_name,
            department=h.department,
            location=h.location,
            cost_center=told.cost_center if told else "",
            blocked=h.blocked,
            guest=h.guest,
            plans=h.plans,
            skus=" ".join(to_id(seat.plan.sku) for seat in h.seats),
            assigned_by=assigned_by(h),
            active_date=h.active,
            active_date_source=h.active_source,
            last_login=h.last_login,
            last_reported=h.reported.last if h.reported else None,
            last_possible=h.last_possible,
            last_in_tenant=h.in_tenant.last if h.in_tenant else None,
            evidence=h.evidence.value,
            observed_since=h.observed_since,
            status=activity(h, picture).value,
            monthly_cost=worth.of([seat.plan.part_number for seat in h.seats]),
            words=to_words(h.user_id, h.mail, f"{h.first_name} {h.last_name}", object_id),
        )


def to_strangers(
    application: Application,
    product: Product,
    generation: int,
    employees: Employees,
    now: Instant,
    *,
    counted: bool = True,
) -> list[StrangerRow]:
    """Nobody before the first roster: everybody would look like a stranger.

    Not `counted` reads the sign-ins themselves: while a day waits to be counted, the counts are not all.
    """
    if not generation:
        return []
    where = application.connection_id, product.key, generation, product.apps_of(Grade.DIRECT)
    recognized = _recognized(application, now)
    counts = [(row, False) for row in uses.list_use_counts(*where, holders=False, counted=counted)]
    ended = uses.seat_ends(*where[:3])
    if employees:
        counts += [(row, True) for row in uses.list_use_counts(*where, holders=True, counted=counted)]
    names = uses.newest_names(application.connection_id, [row.account for row, _ in counts])
    signed = uses.names_signed_with(application.connection_id, [row for row, _ in counts if row.account not in names])
    found = []
    for row, holds in counts:
        name = names.get(row.account, uses.Name(signed.get(row.account), None, None, None))
        type_ = _type(find_employee(employees, name.mail, name.upn), imported=bool(employees))
        if holds and type_ == "Unknown":
            continue  # on the roster, and on the list: nothing is strange
        state = "open"
        if row.account in recognized:
            type_ = state = "Recognized"
        elif not holds and row.newest <= ended.get(row.account, -1):
            state = "former holder"  # who signed in only while holding a seat did nothing strange
        found.append(_to_stranger(row, name, type_, state.lower()))
    return sorted(found, key=lambda stranger: (stranger.user_id.casefold(), stranger.account))


def _recognized(application: Application, now: Instant) -> set[Key]:
    words = Recognition.objects.filter(application=application).exclude(until__lte=now)
    return {bytes(account) for account in words.values_list("account", flat=True)}


def _type(told: Told | None, *, imported: bool) -> str:
    if not imported or (told is not None and told.active):
        return "Unknown"
    return "Unrecognized" if told is None else "Unauthorized"


def _to_stranger(row: uses.UseCount, name: uses.Name, type_: str, state: str) -> StrangerRow:
    object_id = to_id(row.account)
    user_id = name.upn or object_id
    first, last = name.given_name or "", name.surname or ""
    words = to_words(user_id, name.mail, f"{first} {last}", object_id)
    return StrangerRow(
        row.account, object_id, user_id, first, last, type_, row.sign_ins, row.oldest, row.newest, state, words
    )
