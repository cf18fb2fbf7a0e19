"""Tenants over REST: what is managed through each connection, how it is read, and more products for it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

import seatkeeper.services.listings.connections as listing
from seatkeeper.api.access import Called
from seatkeeper.api.applications import ApplicationOut, to_out
from seatkeeper.api.listings import REFUSALS, Amount, offer, to_amounts, to_row, to_row_schema, to_time
from seatkeeper.model import to_text
from seatkeeper.services import additions, connections, true_up
from seatkeeper.services.listings import everywhere, findings, people, positions
from seatkeeper.services.ownership import Owned

TAG = "Tenants"
router = Router()
FindingRow: Any = to_row_schema(findings.LISTING)


class BoughtOut(Schema):
    """A licence whose units are seats of the product."""

    part_number: str
    bought: int
    assigned: int


class OwnedOut(Schema):
    """What the tenant owns of a product, by the licences that were read last; nulls before the first reading."""

    words: str
    seats: list[BoughtOut] | None
    inside: Annotated[list[str] | None, Field(description="Licences of other products, and trials, that carry it")]


class SignalOut(Schema):
    """A signal that can say something of the product, with how its reading stands."""

    signal: str
    title: str
    state: str
    lag: str
    proves: str


class ManagedOut(Schema):
    application: int
    name: str
    product: str
    active: bool
    owned: OwnedOut
    signals: list[SignalOut]


class AddableOut(Schema):
    """A product of the vendor that is not managed in this tenant yet."""

    product: str
    title: str
    owned: OwnedOut


class PermissionOut(Schema):
    """A task with the permission that it needs; `granted` is null while no run has shown it."""

    task: str
    title: str
    state: str
    ticked: bool
    last_complete: str | None
    lag: str
    message: str
    permission: str
    granted: bool | None
    without: Annotated[str, Field(description="Completes the sentence: without the permission …")]


class ConnectionOut(Schema):
    """A tenant with its connection. The credential is never given out."""

    id: int
    tenant_id: str
    names: list[str]
    directory_id: str | None
    vendor: str
    cloud: str
    client_id: str
    health: str
    credential_kind: str
    credential_expires: str | None
    forgotten: Annotated[str | None, Field(description="When a tenant that is only looked at is deleted; null else")]
    applications: list[ManagedOut]
    addable: list[AddableOut]
    tasks: list[PermissionOut]


class ProductsIn(Schema, extra="forbid"):
    """The products to add, by their keys; with `dry_run` it is only said what would change."""

    products: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=100)]
    dry_run: bool = False


class ProductsOut(Schema):
    """What changes in sentences, and the applications that were added; none of a dry run."""

    changes: list[str]
    added: list[ApplicationOut]


class CellOut(Schema):
    """What a signal says of a product: the newest use, and up to when it knows.

    Where it does not speak of the product, or is not read, its silence means nothing.
    """

    signal: str
    speaks: bool
    is_read: bool
    last: str | None
    until: str | None


class ProductOfPersonOut(Schema):
    """A product that a person holds or used; `status` and `plans` are null without a seat."""

    application: int
    product: str
    title: str
    observable: Annotated[bool, Field(description="Whether the silence of any signal could prove anything")]
    status: str | None
    evidence: str | None
    plans: str | None
    signals: list[CellOut]


class EverywhereOut(Schema):
    """A person over all products of a tenant. Reading it is audited."""

    object_id: str
    user_id: str
    name: str
    blocked: bool
    guest: bool
    annual_cost: str
    annual_cost_amounts: list[Amount]
    products: list[ProductOfPersonOut]
    findings: list[FindingRow]


class TrueUpOut(Schema):
    """Each SKU with its numbers; a day on which the licences were not read may have had more."""

    days_read: int
    days: int
    rows: list[dict[str, str | int | bool | None]]


offer(router, "/connections", listing.LISTING, listing.rows, scope="")
offer(router, "/connections/{connection_id}/position", positions.LISTING, positions.rows, scope="connection_id")
offer(router, "/connections/{connection_id}/people", people.LISTING, people.rows, scope="connection_id")


@router.get(
    "/connections/{connection_id}/people/{object_id}",
    response={200: EverywhereOut, **REFUSALS},
    summary="A person over all products of a tenant",
)
def read_person(request: Called, connection_id: int, object_id: str) -> Any:
    found = everywhere.read(request.auth, connection_id, object_id)
    return {
        "object_id": found.object_id,
        "user_id": found.user_id,
        "name": found.full_name,
        "blocked": found.blocked,
        "guest": found.guest,
        "annual_cost": found.cost.a_year,
        "annual_cost_amounts": to_amounts(found.cost, "year"),
        "products": [
            {
                "application": row.application.pk,
                "product": row.product.key,
                "title": row.product.title,
                "observable": row.observable,
                "status": row.holder.status if row.holder else None,
                "evidence": row.holder.evidence if row.holder else None,
                "plans": row.holder.plans if row.holder else None,
                "signals": [
                    {"signal": cell.signal.key, "speaks": cell.speaks, "is_read": cell.is_read,
                     "last": to_time(cell.last), "until": to_time(cell.until)}
                    for cell in row.cells
                ],
            }
            for row in found.products
        ],
        "findings": [to_row(finding, findings.LISTING.columns) for finding in found.findings],
    }  # fmt: skip


@router.get(
    "/connections/{connection_id}/true-up",
    response={200: TrueUpOut, **REFUSALS},
    summary="The highest and the last number of assigned seats in a span of days",
)
def read_true_up(request: Called, connection_id: int, first: date | None = None, last: date | None = None) -> Any:
    """Without days, of the year that ends today."""
    found = true_up.true_up(request.auth, connection_id, first, last)
    rows = [dict(zip(found.table.columns, row, strict=True)) for row in found.table.written()]
    return {"days_read": found.days_read, "days": found.days, "rows": rows}


@router.get("/connections/{connection_id}", response={200: ConnectionOut, **REFUSALS}, summary="A tenant")
def read_connection(request: Called, connection_id: int) -> Any:
    state = connections.read(request.auth, connection_id)
    connection, expires = state.connection, state.connection.credential_expires
    return {
        "id": connection.pk,
        "tenant_id": connection.tenant_id,
        "names": state.names,
        "directory_id": connection.directory_id or None,
        "vendor": state.vendor,
        "cloud": connection.cloud,
        "client_id": connection.client_id,
        "health": state.health,
        "credential_kind": connection.credential_kind,
        "credential_expires": None if expires is None else to_text(expires),
        "forgotten": to_time(connection.forget_at),
        "applications": [
            {
                "application": each.application.pk,
                "name": each.application.name,
                "product": each.product.key,
                "active": each.application.active,
                "owned": _to_owned(each.owned),
                "signals": [
                    {"signal": s.key, "title": s.title, "state": s.word, "lag": s.lag, "proves": s.proves}
                    for s in each.signals
                ],
            }
            for each in state.managed
        ],
        "addable": [
            {"product": each.product.key, "title": each.product.title, "owned": _to_owned(each.owned)}
            for each in state.addable
        ],
        "tasks": [_to_task(task) for task in state.tasks],
    }


def _to_owned(owned: Owned) -> dict[str, Any]:
    known = owned.is_read
    seats = [seat._asdict() for seat in owned.seats] if known else None
    return {"words": owned.words, "seats": seats, "inside": list(owned.inside) if known else None}


def _to_task(task: connections.TaskHealth) -> dict[str, Any]:
    told = task._asdict() | {
        "task": task.key,
        "state": task.word,
        "last_complete": None if task.complete is None else to_text(task.complete),
        "granted": task.granted,
    }
    return {name: told[name] for name in PermissionOut.model_fields}


@router.post(
    "/connections/{connection_id}/products",
    response={200: ProductsOut, 201: ProductsOut, **REFUSALS},
    summary="Manage more products of a tenant",
)
def add_products(request: Called, connection_id: int, new: ProductsIn) -> Any:
    """All of them or none, through the connection there is. 200 for a dry run, which changes nothing."""
    changes = additions.preview(request.auth, connection_id, new.products)
    if new.dry_run:
        return Status(200, {"changes": changes, "added": []})
    added = additions.add_products(request.auth, connection_id, new.products)
    return Status(201, {"changes": changes, "added": [to_out(request.auth, each) for each in added]})
