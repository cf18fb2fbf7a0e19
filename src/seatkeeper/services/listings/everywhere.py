"""One person over all products of a tenant: what each signal says of each product, and what the seats cost together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seatkeeper.amounts import Money
from seatkeeper.errors import NotFound
from seatkeeper.model import Instant, to_id, to_key
from seatkeeper.reporting.signals import DIRECT, SIGNALS, Signal, is_observable
from seatkeeper.services import audit, connections
from seatkeeper.services.listings import people
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Connection, Finding, SeatHolder, UnlicensedUser
from seatkeeper.sync.vendors import Product, find_product


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
    try:
        key = to_key(object_id)
    except ValueError:
        raise NotFound("The person") from None
    active = {"application__connection": connection, "application__active": True}
    holders = {row.application_id: row for row in SeatHolder.objects.filter(**active, account=key)}
    without = {row.application_id: row for row in UnlicensedUser.objects.filter(**active, account=key)}
    if not holders and not without:
        raise NotFound("The person")
    mine = Application.objects.of(who).filter(connection=connection, pk__in=[*holders, *without]).order_by("pk")
    products = [find_product(application.product) for application in mine]
    managed = {each.application.pk: each for each in connections.read(who, connection_id).managed}
    read_of = {pk: {signal.key for signal in each.signals if signal.is_read} for pk, each in managed.items()}
    signals = [signal for signal in SIGNALS if any(map(signal.speaks_of, products))]
    first = next(iter(holders.values()), None)
    shown = first or next(iter(without.values()))
    audit.record(who, "person.read", shown.user_id, connection.tenant_id)
    findings = Finding.objects.filter(**active, object_id=to_id(key)).exclude(state="resolved")
    return Everywhere(
        connection=connection,
        object_id=to_id(key),
        user_id=shown.user_id,
        full_name=" ".join(filter(None, (shown.first_name, shown.last_name))),
        department=first.department if first else "",
        blocked=bool(first and first.blocked),
        guest=bool(first and first.guest),
        cost=people.cost_of(list(holders.values()), people.seat_prices(connection.pk)),
        signals=signals,
        products=[
            ProductRow(
                application,
                product,
                is_observable(product),
                holder := holders.get(application.pk),
                user := without.get(application.pk),
                _to_cells(signals, product, read_of[application.pk], _told(holder, user)),
            )
            for application, product in zip(mine, products, strict=True)
        ],
        findings=list(findings.select_related("application").order_by("application", "key", "pk")),
    )


def _told(holder: SeatHolder | None, user: UnlicensedUser | None) -> Mapping[str, Any]:
    """What is kept of each signal; of somebody without a seat, the log of sign-ins alone tells."""
    if holder:
        told: dict[str, Any] = holder.signals
        return told
    return {DIRECT.key: {"last": user.last_seen}} if user else {}


def _to_cells(
    signals: Sequence[Signal], product: Product, read: Collection[str], told: Mapping[str, Any]
) -> list[Cell]:
    return [
        Cell(
            signal,
            signal.speaks_of(product),
            signal.key in read,
            told.get(signal.key, {}).get("last"),
            told.get(signal.key, {}).get("until"),
        )
        for signal in signals
    ]
