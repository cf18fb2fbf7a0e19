"""One person over all products of a tenant: what each signal says of each product, and what the seats cost together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seatkeeper.amounts import Money
from seatkeeper.errors import NotFound
from seatkeeper.model import Instant, to_id
from seatkeeper.reporting.daily_summary import list_tenant_prices
from seatkeeper.reporting.signals import DIRECT, SIGNALS, Signal, is_observable
from seatkeeper.services import audit, connections
from seatkeeper.services.connections import Managed
from seatkeeper.services.listings import people, person
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Connection, Finding, SeatHolder, UnlicensedUser
from seatkeeper.sync.vendors import Product


class Cell(NamedTuple):
    """What a signal says of the use of a product; `until` is up to when it knows.

    Its silence is "none seen" only where it speaks of the product, and is read.
    """

    signal: Signal
    speaks: bool
    is_read: bool
    last: Instant | None = None
    until: Instant | None = None


class ProductRow(NamedTuple):
    """A product of which the person holds a seat, or which they used without one."""

    application: Application
    product: Product
    observable: bool  # whether any signal's silence could prove anything
    holder: SeatHolder | None
    unlicensed_user: UnlicensedUser | None
    cells: Sequence[Cell]  # in the order of the signals


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A person of a tenant. `signals` are those that can speak of any of the products."""

    connection: Connection
    object_id: str
    user_id: str
    full_name: str
    department: str
    blocked: bool
    guest: bool
    cost: Money
    signals: Sequence[Signal]
    products: Sequence[ProductRow]
    findings: Sequence[Finding]


def read(who: Who, connection_id: int, object_id: str) -> Everywhere:
    """The person of this id; that they were looked at is noted. Raises NotFound for one of whom nothing is known."""
    who.require(May.SEE)
    connection = connections.find(who, connection_id)
    key = person.to_account(object_id)
    active = {"application__connection": connection, "application__active": True}
    holders = {row.application_id: row for row in SeatHolder.objects.filter(**active, account=key)}
    without = {row.application_id: row for row in UnlicensedUser.objects.filter(**active, account=key)}
    if not holders and not without:
        raise NotFound("The person")
    first = next(iter(holders.values()), None)
    shown = first or next(iter(without.values()))
    audit.record(who, "person.read", shown.user_id, connection.tenant_id)
    managed = [
        each for each in connections.read(who, connection_id).managed if each.application.pk in holders | without
    ]
    signals = [signal for signal in SIGNALS if any(signal.speaks_of(each.product) for each in managed)]
    findings = Finding.objects.filter(**active, object_id=to_id(key)).exclude(state="resolved")
    return Everywhere(
        connection=connection,
        object_id=to_id(key),
        user_id=shown.user_id,
        full_name=" ".join(filter(None, (shown.first_name, shown.last_name))),
        department=first.department if first else "",
        blocked=bool(first and first.blocked),
        guest=bool(first and first.guest),
        cost=people.cost_of(list(holders.values()), list_tenant_prices(connection.pk)),
        signals=signals,
        products=[
            _to_row(each, signals, holders.get(each.application.pk), without.get(each.application.pk))
            for each in managed
        ],
        findings=list(findings.select_related("application").order_by("application", "key", "pk")),
    )


def _to_row(
    managed: Managed, signals: Sequence[Signal], holder: SeatHolder | None, user: UnlicensedUser | None
) -> ProductRow:
    """Of somebody without a seat, the log of sign-ins alone tells."""
    told: dict[str, Any] = holder.signals if holder else {DIRECT.key: {"last": user.last_seen}} if user else {}
    read = {signal.key for signal in managed.signals if signal.is_read}
    cells = [
        Cell(
            signal,
            signal.speaks_of(managed.product),
            signal.key in read,
            told.get(signal.key, {}).get("last"),
            told.get(signal.key, {}).get("until"),
        )
        for signal in signals
    ]
    return ProductRow(managed.application, managed.product, is_observable(managed.product), holder, user, cells)
