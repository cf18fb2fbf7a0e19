"""The people that pages list: those on the roster, and those who used the product although they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from unicodedata import normalize

from seatkeeper.connectors.catalog import find_vendor_of
from seatkeeper.connectors.products import Product
from seatkeeper.insights.base import Holder, Snapshot
from seatkeeper.insights.evidence import activity
from seatkeeper.insights.groups import to_titles
from seatkeeper.insights.money import Balance
from seatkeeper.model import Grade, Instant, Key, to_id
from seatkeeper.reporting.costs import Worth
from seatkeeper.reporting.signals import SIGNALS
from seatkeeper.store.bulk.reporting import SeatHolderRow, UnlicensedUserRow
from seatkeeper.store.models import Application, Employee, Recognition
from seatkeeper.store.queries import roster, usage


class Told(NamedTuple):
    """What the list of employees says of an address."""

    active: bool
    cost_center: str


Employees = Mapping[str, Told]
LONGEST: Final = 400
PORTION: Final = 2_000  # accounts whose licensing is in memory at a time


def list_employees(application: Application) -> Employees:
    """The organization's list by address in lower case; empty when none was imported."""
    rows = Employee.objects.of(application)
    found = rows.values_list("email", "active", "cost_center")
    return {email: Told(active, cost_center) for email, active, cost_center in found.iterator(2000)}


def find_employee(employees: Employees, *addresses: str | None) -> Told | None:
    """By the first of a person's addresses that the list has, in the one form of letters with signs that it is in."""
    found = (employees.get(normalize("NFC", address).casefold()) for address in addresses if address)
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


def to_seat_holders(
    snapshot: Snapshot, employees: Employees, worth: Worth, balance: Balance
) -> Iterator[SeatHolderRow]:
    for h in snapshot.holders:
        object_id = to_id(h.account)
        told = find_employee(employees, h.mail, h.user_id)
        groups = {group for seat in h.seats for group in seat.groups}
        last = {signal.column: h.last_by(signal.key) for signal in SIGNALS if signal.column}
        yield SeatHolderRow(
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
            skus=" ".join(to_id(seat.sku.key) for seat in h.seats),
            assigned_by=assigned_by(h),
            groups=to_titles(groups),
            group_ids="".join(f" {id_} " for id_ in sorted(group.id for group in groups)),
            active_date=h.active,
            active_date_source=h.active_source,
            signals=json.dumps({s.signal: {"last": s.last, "until": s.until} for s in h.signals}),
            last_login=last["last_login"],
            last_reported=last["last_reported"],
            last_possible=last["last_possible"],
            last_in_tenant=last["last_in_tenant"],
            last_activity=h.newest_use,
            evidence=h.evidence.value,
            observed_since=h.observed_since,
            status=activity(h, snapshot).value,
            cost=worth.of([seat.sku for seat in h.seats]),
            idle_skus=" ".join(
                to_id(seat.sku.key) for seat in h.seats if (h.account, seat.sku.key) in balance.idle_seats
            ),
            words=to_words(h.user_id, h.mail, f"{h.first_name} {h.last_name}", object_id),
        )


def _list_entitled(
    connection_id: int, product: str, generation: int, accounts: Sequence[Key]
) -> tuple[set[Key], dict[Key, Instant]]:
    """Who of those without a seat may use the product by another licence, and when seats of it ended."""
    vendor, entitled, ended = find_vendor_of(product), set[Key](), usage.seat_ends(connection_id, product, generation)
    for start in range(0, len(accounts), PORTION):
        some = accounts[start : start + PORTION]
        licensing = roster.list_assigned(connection_id, generation, some)
        entitled.update(row.account for row in roster.seats_of(connection_id, product, generation, list(licensing)))
        for account, text in licensing.items():
            if product in vendor.list_opened(text):
                entitled.add(account)
            at = vendor.list_ended(text).get(product, -1)  # also of what ended before our first roster
            if at > ended.get(account, -1):
                ended[account] = at
    return entitled, ended


def to_unlicensed_users(
    application: Application,
    product: Product,
    generation: int,
    employees: Employees,
    now: Instant,
) -> list[UnlicensedUserRow]:
    """Nobody before the first roster: everybody would look like an unlicensed user."""
    if not generation:
        return []
    where = application.connection_id, product.key, generation, product.uses_of(Grade.DIRECT, usage.list_apps())
    recognitions = Recognition.objects.filter(application=application).exclude(until__lte=now)
    recognized = {bytes(account) for account in recognitions.values_list("account", flat=True)}
    counts = [(row, False) for row in usage.list_use_counts(*where, holders=False)]
    entitled, ended = _list_entitled(*where[:3], [row.account for row, _ in counts])
    counts += [(row, True) for row in usage.list_use_counts(*where, holders=True)] if employees else []
    names = usage.newest_names(application.connection_id, [row.account for row, _ in counts])
    signed = usage.names_signed_with(application.connection_id, [row for row, _ in counts if row.account not in names])
    found = []
    for row, holds in counts:
        name = names.get(row.account, usage.Name(signed.get(row.account), None, None, None))
        told = find_employee(employees, name.mail, name.upn)
        listed = not employees or (told is not None and told.active)
        type_ = "Unknown" if listed else "Unrecognized" if told is None else "Unauthorized"
        if holds and type_ == "Unknown":
            continue  # on the roster, and on the list: nothing is strange
        state = "open"
        if row.account in recognized:
            type_ = state = "Recognized"
        elif not holds and row.newest <= ended.get(row.account, -1):
            state = "former holder"  # who signed in only while holding a seat did nothing strange
        elif not holds and type_ == "Unknown" and row.account in entitled:
            state = "other licence"  # nor did who may open the product by another one
        user_id, first, last = name.upn or to_id(row.account), name.given_name or "", name.surname or ""
        words = to_words(user_id, name.mail, f"{first} {last}", to_id(row.account))
        found.append(
            UnlicensedUserRow(
                row.account, to_id(row.account), user_id, first, last, type_,
                row.sign_ins, row.oldest, row.newest, state.lower(), None if holds else ended.get(row.account), words,
            )
        )  # fmt: skip
    return sorted(found, key=lambda user: (user.user_id.casefold(), user.account))
