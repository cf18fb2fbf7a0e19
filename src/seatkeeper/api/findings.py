"""Findings, exceptions and prices over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, offer, to_moment
from seatkeeper.model import to_text
from seatkeeper.services import exceptions, findings, prices
from seatkeeper.services.exceptions import SCOPES
from seatkeeper.services.listings import findings as listed
from seatkeeper.services.priced_skus import PricedSkus

if TYPE_CHECKING:
    from seatkeeper.store.models import FindingException, Price

TAG = "Findings and prices"
router = Router()

Text = Annotated[str, Field(max_length=500)]
Scope: Any = Literal[SCOPES]
Period: Any = Literal[prices.PERIODS]


class NoteIn(Schema, extra="forbid"):
    note: Text = ""


class ExceptionIn(Schema, extra="forbid"):
    """Whom or what to except: an object id or user id, a part number, or a department. No `finding` means every one."""

    scope: Scope
    value: Text
    reason: Text
    finding: Text = ""
    until: Annotated[str, Field(description="ISO 8601 in UTC; null for never")] | None = None


class ExceptionOut(Schema):
    id: int
    finding: str
    scope: str
    value: str
    label: str
    reason: str
    until: str | None
    by: str
    at: str


class PriceIn(Schema, extra="forbid"):
    """What one seat of a SKU costs from a day on; the price before it ends the day before."""

    part_number: Annotated[Text, Field(description="Or the SKU's id, where several SKUs share the part number")]
    amount: Annotated[str, Field(max_length=20, description="A decimal such as 28.10")]
    currency: Annotated[str, Field(max_length=3)]
    period: Period = "month"
    valid_from: Annotated[str, Field(max_length=10, description="A day; today without it")] = ""
    valid_until: Annotated[str, Field(max_length=10, description="A day; open without it")] = ""


class PriceOut(Schema):
    id: int
    part_number: str
    sku: Annotated[str, Field(description="As the price list names it: its part number, or its id")]
    amount: str
    currency: str
    period: str
    valid_from: str
    valid_until: str | None
    example: bool


offer(router, "/applications/{application_id}/findings", listed.LISTING, listed.rows)
offer(router, "/findings", listed.LISTING, listed.rows, scope="")


@router.post("/findings/{finding_id}/accept", response={204: None, **REFUSALS}, summary="Accept a finding")
def accept(request: Called, finding_id: int, said: NoteIn) -> Any:
    findings.accept(request.auth, finding_id, said.note)
    return Status(204, None)


@router.post("/findings/{finding_id}/reopen", response={204: None, **REFUSALS}, summary="Reopen a finding")
def reopen(request: Called, finding_id: int, said: NoteIn) -> Any:
    findings.reopen(request.auth, finding_id, said.note)
    return Status(204, None)


@router.get(
    "/applications/{application_id}/exceptions", response={200: list[ExceptionOut], **REFUSALS}, summary="Exceptions"
)
@router.get(
    "/applications/{application_id}/exemptions",
    response={200: list[ExceptionOut], **REFUSALS},
    summary="Exceptions (old address)",
    operation_id="list_exemptions",
    deprecated=True,
)
def list_exceptions(request: Called, application_id: int) -> Any:
    return [_to_exception(row) for row in exceptions.list_exceptions(request.auth, application_id)]


@router.post(
    "/applications/{application_id}/exceptions", response={201: ExceptionOut, **REFUSALS}, summary="Make an exception"
)
@router.post(
    "/applications/{application_id}/exemptions",
    response={201: ExceptionOut, **REFUSALS},
    summary="Make an exception (old address)",
    operation_id="exempt",
    deprecated=True,
)
def add_exception(request: Called, application_id: int, new: ExceptionIn) -> Any:
    until = None if new.until is None else to_moment("until", new.until)
    told = exceptions.NewException(new.scope, new.value, new.reason, new.finding, until)
    return Status(201, _to_exception(exceptions.exempt(request.auth, application_id, told)))


@router.delete("/exceptions/{exception_id}", response={204: None, **REFUSALS}, summary="End an exception")
@router.delete(
    "/exemptions/{exception_id}",
    response={204: None, **REFUSALS},
    summary="End an exception (old address)",
    operation_id="end_exemption",
    deprecated=True,
)
def end_exception(request: Called, exception_id: int) -> Any:
    exceptions.end_exception(request.auth, exception_id)
    return Status(204, None)


def _to_exception(row: FindingException) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("finding", "scope", "value", "label", "reason", "by")}
    return {"id": row.pk, **told, "until": None if row.until is None else to_text(row.until), "at": to_text(row.at)}


@router.get("/prices", response={200: list[PriceOut], **REFUSALS}, summary="Prices")
def list_prices(request: Called) -> Any:
    skus = PricedSkus.of(request.auth)
    return [_to_price(row, skus) for row in prices.list_prices(request.auth)]


@router.post("/prices", response={201: PriceOut, **REFUSALS}, summary="Set a price")
def set_price(request: Called, new: PriceIn) -> Any:
    saved = prices.set_price(request.auth, prices.NewPrice(**new.dict()))
    return Status(201, _to_price(saved, PricedSkus.of(request.auth)))


@router.delete("/prices/{price_id}", response={204: None, **REFUSALS}, summary="Delete a price")
def delete_price(request: Called, price_id: int) -> Any:
    prices.delete_price(request.auth, price_id)
    return Status(204, None)


def _to_price(row: Price, skus: PricedSkus) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("sku", "currency", "period", "example")}
    days = {"valid_from": prices.to_date(row.valid_from), "valid_until": prices.to_date(row.valid_until)}
    return {"id": row.pk, "part_number": skus.label(row.sku), **told, "amount": f"{row.amount.normalize():f}", **days}
