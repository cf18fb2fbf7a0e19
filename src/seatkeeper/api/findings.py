"""Findings, exceptions and prices over REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, offer, to_moment
from seatkeeper.insights.exempt import SCOPES
from seatkeeper.model import to_text
from seatkeeper.services import decisions, prices
from seatkeeper.services.listings import findings
from seatkeeper.store.models import Exemption, Price

TAG = "Findings and prices"
router = Router()

Text = Annotated[str, Field(max_length=500)]
Scope: Any = Literal[SCOPES]
Period: Any = Literal[prices.PERIODS]


class NoteIn(Schema, extra="forbid"):
    note: Text = ""


class ExemptionIn(Schema, extra="forbid"):
    """Whom or what to except: an object id or user id, a part number, or a department. No `finding` means every one."""

    scope: Scope
    value: Text
    reason: Text
    finding: Text = ""
    until: Annotated[str, Field(description="ISO 8601 in UTC; null for never")] | None = None


class ExemptionOut(Schema):
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

    part_number: Text
    amount: Annotated[str, Field(max_length=20, description="A decimal such as 28.10")]
    currency: Annotated[str, Field(max_length=3)]
    period: Period = "month"
    valid_from: Annotated[str, Field(max_length=10, description="A day; today without it")] = ""
    valid_until: Annotated[str, Field(max_length=10, description="A day; open without it")] = ""


class PriceOut(Schema):
    id: int
    part_number: str
    amount: str
    currency: str
    period: str
    valid_from: str
    valid_until: str | None
    example: bool


offer(router, "/applications/{application_id}/findings", findings.LISTING, findings.rows)
offer(router, "/findings", findings.LISTING, findings.rows, of_application=False)


@router.post("/findings/{finding_id}/accept", response={204: None, **REFUSALS}, summary="Say that it will be done")
def accept(request: Called, finding_id: int, said: NoteIn) -> Any:
    decisions.accept(request.auth, finding_id, said.note)
    return Status(204, None)


@router.post("/findings/{finding_id}/reopen", response={204: None, **REFUSALS}, summary="Take that back")
def reopen(request: Called, finding_id: int, said: NoteIn) -> Any:
    decisions.reopen(request.auth, finding_id, said.note)
    return Status(204, None)


@router.get(
    "/applications/{application_id}/exemptions", response={200: list[ExemptionOut], **REFUSALS}, summary="Exceptions"
)
def list_exemptions(request: Called, application_id: int) -> Any:
    return [_to_exemption(row) for row in decisions.list_exemptions(request.auth, application_id)]


@router.post(
    "/applications/{application_id}/exemptions", response={201: ExemptionOut, **REFUSALS}, summary="Make an exception"
)
def exempt(request: Called, application_id: int, new: ExemptionIn) -> Any:
    until = None if new.until is None else to_moment("until", new.until)
    told = decisions.NewExemption(new.scope, new.value, new.reason, new.finding, until)
    return Status(201, _to_exemption(decisions.exempt(request.auth, application_id, told)))


@router.delete("/exemptions/{exemption_id}", response={204: None, **REFUSALS}, summary="End an exception")
def end_exemption(request: Called, exemption_id: int) -> Any:
    decisions.end_exemption(request.auth, exemption_id)
    return Status(204, None)


def _to_exemption(row: Exemption) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("finding", "scope", "value", "label", "reason", "by")}
    return {"id": row.pk, **told, "until": None if row.until is None else to_text(row.until), "at": to_text(row.at)}


@router.get("/prices", response={200: list[PriceOut], **REFUSALS}, summary="Prices")
def list_prices(request: Called) -> Any:
    return [_to_price(row) for row in prices.list_prices(request.auth)]


@router.post("/prices", response={201: PriceOut, **REFUSALS}, summary="Set a price")
def set_price(request: Called, new: PriceIn) -> Any:
    return Status(201, _to_price(prices.set_price(request.auth, prices.NewPrice(**new.dict()))))


@router.delete("/prices/{price_id}", response={204: None, **REFUSALS}, summary="Delete a price")
def delete_price(request: Called, price_id: int) -> Any:
    prices.delete_price(request.auth, price_id)
    return Status(204, None)


def _to_price(row: Price) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("part_number", "currency", "period", "example")}
    days = {"valid_from": prices.to_date(row.valid_from), "valid_until": prices.to_date(row.valid_until)}
    return {"id": row.pk, **told, "amount": f"{row.amount.normalize():f}", **days}
