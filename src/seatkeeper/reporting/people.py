"""The people that pages list: those on the roster, and those who used the product although they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple
from unicodedata import normalize

from seatkeeper.connectors.catalog import find_product, find_vendor_of
from seatkeeper.insights.base import Holder, Snapshot
from seatkeeper.insights.evidence import activity
from seatkeeper.insights.groups import to_titles
from seatkeeper.insights.money import Balance
from seatkeeper.model import Grade, Instant, Key, to_id
from seatkeeper.reporting.costs import Worth
from seatkeeper.reporting.inputs import Source
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
COLUMNS: Final = {signal.column: signal.key for signal in SIGNALS if signal.column}
PORTION: Final = 2_000  # accounts without a seat whose names and licensing are in memory at a time


def list_employees(application: Application) -> Employees:
    """The organization's list by address in lower case; empty when none was imported."""
    rows = Employee.objects.of(application)
    found = rows.values_list("email", "active", "cost_center")
    return {email: Told(active, cost_center) for email, active, cost_center in found.iterator(2000)}


def find_employee(employees: Employees, *addresses: str | None) -> Told | None:
    """By the first of a person's addresses that the list has, in the one form of letters with signs that it is in."""
    if not employees:
        return None
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
        last = {seen.signal: seen.last for seen in h.signals}
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
            last_login=last.get(COLUMNS["last_login"]),
            last_reported=last.get(COLUMNS["last_reported"]),
            last_possible=last.get(COLUMNS["last_possible"]),
            last_in_tenant=last.get(COLUMNS["last_in_tenant"]),
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


def to_unlicensed_users(
    application: Application, snapshot: Snapshot, source: Source, employees: Employees
) -> Iterator[UnlicensedUserRow]:
    """A portion of accounts after the other. Nobody before the first roster: everybody would look like one."""
    if not source.roster:
        return
    product, recognitions = find_product(application.product), Recognition.objects.filter(application=application)
    where = application.connection_id, product.key, source.roster
    apps, ended = product.uses_of(Grade.DIRECT, usage.list_apps()), usage.seat_ends(*where)
    valid = recognitions.exclude(until__lte=source.now).values_list("account", flat=True)
    decided = _Decided({bytes(account) for account in valid}, {holder.account for holder in snapshot.apart}, ended)
    for holds in (False, True) if employees else (False,):
        counts = usage.list_use_counts(*where, apps, holders=holds)
        for start in range(0, len(counts), PORTION):
            some = counts[start : start + PORTION]
            names = usage.newest_names(application.connection_id, [row.account for row in some])
            nameless = [row for row in some if row.account not in names]
            signed = usage.names_signed_with(application.connection_id, nameless)
            if not holds:
                _look_at_licensing(application, source.roster, [row.account for row in some], decided)
            for row in some:
                name = names.get(row.account, usage.Name(signed.get(row.account), None, None, None))
                told = find_employee(employees, name.mail, name.upn)
                type_ = "Unknown"  # on the list, if there is one
                if employees and not (told and told.active):
                    type_ = "Unrecognized" if told is None else "Unauthorized"
                if not (holds and type_ == "Unknown"):  # on the roster, and on the list: nothing is strange
                    yield _to_unlicensed_user(row, name, type_, decided, holds=holds)


class _Decided(NamedTuple):
    """What makes a use less strange: somebody recognized it, another licence opens the product, a seat ended later."""

    recognized: AbstractSet[Key]
    entitled: set[Key]
    ended: dict[Key, Instant]


def _look_at_licensing(application: Application, generation: int, accounts: Sequence[Key], decided: _Decided) -> None:
    """Who of them may use the product by another licence, and when their seats ended, also before our first roster."""
    vendor, product = find_vendor_of(application.product), application.product
    for account, text in roster.list_assigned(application.connection_id, generation, accounts).items():
        if product in vendor.list_opened(text):
            decided.entitled.add(account)
        at = vendor.list_ended(text).get(product, -1)
        if at > decided.ended.get(account, -1):
            decided.ended[account] = at


def _to_unlicensed_user(
    row: usage.UseCount, name: usage.Name, type_: str, decided: _Decided, *, holds: bool
) -> UnlicensedUserRow:
    state, ended = "open", None if holds else decided.ended.get(row.account)
    if row.account in decided.recognized:
        type_ = "Recognized"
        state = "recognized"
    elif ended is not None and row.newest <= ended:
        state = "former holder"  # who signed in only while holding a seat did nothing strange
    elif not holds and type_ == "Unknown" and row.account in decided.entitled:
        state = "other licence"  # nor did who may open the product by another one
    object_id = to_id(row.account)
    user_id, first, last = name.upn or object_id, name.given_name or "", name.surname or ""
    words = to_words(user_id, name.mail, f"{first} {last}", object_id)
    return UnlicensedUserRow(
        row.account, object_id, user_id, first, last, type_,
        row.sign_ins, row.oldest, row.newest, state, ended, words,
    )  # fmt: skip
