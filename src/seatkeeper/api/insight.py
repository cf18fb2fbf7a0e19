"""What if, history, evidence, money and reclaim plans, over REST."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, Amount, Whole, to_amounts
from seatkeeper.clock import system_clock
from seatkeeper.model import to_text
from seatkeeper.services import bundles, history, reclaim, reclaim_scripts, savings
from seatkeeper.services.members import Who
from seatkeeper.services.what_if import Scope, Side, what_if

if TYPE_CHECKING:
    from seatkeeper.store.models import ReclaimItem, ReclaimPlan
    from seatkeeper.tabular.tables import Table

TAG = "Insight"
router = Router()

Text = Annotated[str, Field(max_length=300)]
Script: Any = Literal[tuple(reclaim_scripts.list_kinds())]
Group: Any = Literal[tuple(savings.GROUPS)]
Answer: Any = Literal[reclaim.ANSWERS]
Row = dict[str, str | int | bool | None]
ONE = "/applications/{application_id}"
BINARY = {"schema": {"type": "string", "format": "binary"}}


class SideOut(Schema):
    threshold_days: int
    people: dict[str, int]
    idle_seats: int
    idle_a_month: list[Amount]
    idle_a_year: list[Amount]
    unassigned_seats: int  # of the idle ones, those given to nobody
    unassigned_a_year: list[Amount]
    sure_from: str | None


class WhatIfOut(Schema):
    """Today's threshold beside the one that was asked about."""

    today: SideOut
    then: SideOut
    missing_prices: list[str]
    cannot_be_said_before: str | None


class ComparisonOut(Schema):
    """Who joined, who left, and whose plans changed."""

    before: str
    after: str
    changes: list[Row]


class MonthOut(Schema):
    month: str
    a_month: list[Amount]


class ShareOut(Schema):
    name: str
    people: int
    a_month: list[Amount]
    idle: int
    idle_a_month: list[Amount]


class PlanIn(Schema, extra="forbid"):
    """A name, and the part numbers whose seats to propose; none means all."""

    name: Text
    skus: Annotated[list[Text], Field(default_factory=list, max_length=100)]


class ReviewIn(Schema, extra="forbid"):
    """The items that stay; all others are dropped."""

    keep: Annotated[list[Whole], Field(max_length=200_000)]


class AnswerIn(Schema, extra="forbid"):
    answer: Answer


class ScriptIn(Schema, extra="forbid"):
    kind: Script


class PlanOut(Schema):
    id: int
    name: str
    state: str
    by: str
    created: str
    proposed: int
    kept: int
    gone: int
    worth_a_month: list[Amount]
    saved_a_month: list[Amount]


class ItemOut(Schema):
    id: int
    object_id: str
    user_id: str
    sku: str
    title: str
    finding: str
    evidence: str
    monthly_cost: str
    assigned_by: str
    groups: str
    state: str
    answer: str
    gone: str | None


class PlanWithItems(PlanOut):
    items: list[ItemOut]


def _to_side(side: Side) -> dict[str, Any]:
    return {
        "threshold_days": side.threshold_days,
        "people": {str(kind): count for kind, count in side.counts.items()},
        "idle_seats": side.idle_seats,
        "idle_a_month": to_amounts(side.idle, "month"),
        "idle_a_year": to_amounts(side.idle, "year"),
        "unassigned_seats": side.unassigned_seats,
        "unassigned_a_year": to_amounts(side.unassigned, "year"),
        "sure_from": None if side.sure_from is None else to_text(side.sure_from),
    }


def _day(day: date | None) -> date:
    """The day that was asked for, or today."""
    return day or date.fromisoformat(to_text(system_clock())[:10])


def _to_rows(table: Table) -> list[Row]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.written()]


@router.get(f"{ONE}/what-if", response={200: WhatIfOut, **REFUSALS}, summary="What if the threshold were different?")
def ask_what_if(
    request: Called,
    application_id: int,
    threshold_days: Annotated[int, Query(ge=1, le=1095)] = 60,
    department: Text = "",
    part_number: Text = "",
) -> Any:
    found = what_if(request.auth, application_id, threshold_days, Scope(department, part_number))
    until = found.cannot_be_said_before
    return {
        "today": _to_side(found.today),
        "then": _to_side(found.then),
        "missing_prices": found.missing_prices,
        "cannot_be_said_before": None if until is None else to_text(until),
    }


@router.get(f"{ONE}/history/roster", response={200: list[Row], **REFUSALS}, summary="Who held a seat on a day")
def roster_of_day(request: Called, application_id: int, day: date | None = None) -> Any:
    return _to_rows(history.roster_on(request.auth, application_id, _day(day)))


@router.get(
    f"{ONE}/history/compare", response={200: ComparisonOut, **REFUSALS}, summary="What changed between two days"
)
def compare_days(request: Called, application_id: int, before: date | None = None, after: date | None = None) -> Any:
    begin = before or history.first_day(request.auth, application_id)
    found = history.compare(request.auth, application_id, _day(begin), _day(after))
    return {"before": found.before.date, "after": found.after.date, "changes": _to_rows(found.changes)}


@router.get(f"{ONE}/history/position", response={200: list[Row], **REFUSALS}, summary="The licence position of a day")
def position_of_day(request: Called, application_id: int, day: date | None = None) -> Any:
    return _to_rows(history.position(request.auth, application_id, _day(day)))


@router.get(
    f"{ONE}/bundle",
    response={200: bytes, **REFUSALS},
    summary="A signed evidence bundle, as a ZIP file",
    openapi_extra={"responses": {200: {"content": {"application/zip": BINARY}}}},
)
def make_bundle(request: Called, application_id: int) -> Any:
    return HttpResponse(bundles.make_bundle(request.auth, application_id), content_type="application/zip")


@router.get("/savings", response={200: list[MonthOut], **REFUSALS}, summary="What was saved, by month")
def list_savings(request: Called, since: date | None = None) -> Any:
    return [
        {"month": month.month, "a_month": to_amounts(month.saved, "month")}
        for month in savings.realised(request.auth, since)
    ]


@router.get(
    "/costs", response={200: list[ShareOut], **REFUSALS}, summary="Costs by department, location or cost center"
)
def list_costs(request: Called, by: Group = "department") -> Any:
    return [
        {
            "name": share.name,
            "people": share.people,
            "a_month": to_amounts(share.cost, "month"),
            "idle": share.idle,
            "idle_a_month": to_amounts(share.idle_cost, "month"),
        }
        for share in savings.cost_by(request.auth, by)
    ]


def _to_plan(who: Who, plan: ReclaimPlan) -> dict[str, Any]:
    found = reclaim.outcome(who, plan)
    told = {name: getattr(plan, name) for name in ("name", "state", "by")}
    counts = {"proposed": found.proposed, "kept": found.kept, "gone": found.gone}
    money = {
        "worth_a_month": to_amounts(found.worth, "month"),
        "saved_a_month": to_amounts(found.saved, "month"),
    }
    return {"id": plan.pk, "created": to_text(plan.created), **told, **counts, **money}


def _to_item(item: ReclaimItem) -> dict[str, Any]:
    fields = "object_id user_id sku title finding evidence monthly_cost assigned_by groups state answer"
    told = {name: getattr(item, name) for name in fields.split()}
    return {"id": item.pk, **told, "gone": None if item.gone is None else to_text(item.gone)}


@router.get(f"{ONE}/plans", response={200: list[PlanOut], **REFUSALS}, summary="Reclaim plans")
def list_plans(request: Called, application_id: int) -> Any:
    return [_to_plan(request.auth, plan) for plan in reclaim.list_plans(request.auth, application_id)]


@router.post(f"{ONE}/plans", response={201: PlanOut, **REFUSALS}, summary="Propose a plan")
def propose_plan(request: Called, application_id: int, new: PlanIn) -> Any:
    return Status(201, _to_plan(request.auth, reclaim.propose(request.auth, application_id, new.name, new.skus)))


@router.get("/plans/{plan_id}", response={200: PlanWithItems, **REFUSALS}, summary="A plan with its seats")
def read_plan(request: Called, plan_id: int) -> Any:
    plan = reclaim.find_plan(request.auth, plan_id)
    items = reclaim.list_items(request.auth, plan)
    return {**_to_plan(request.auth, plan), "items": [_to_item(item) for item in items]}


@router.post("/plans/{plan_id}/review", response={200: PlanOut, **REFUSALS}, summary="Keep some seats in a draft")
def review_plan(request: Called, plan_id: int, told: ReviewIn) -> Any:
    reclaim.review(request.auth, plan_id, told.keep)
    return _to_plan(request.auth, reclaim.find_plan(request.auth, plan_id))


@router.post("/plans/{plan_id}/approve", response={200: PlanOut, **REFUSALS}, summary="Approve a plan")
def approve_plan(request: Called, plan_id: int) -> Any:
    return _to_plan(request.auth, reclaim.approve(request.auth, plan_id))


@router.post("/plans/{plan_id}/close", response={200: PlanOut, **REFUSALS}, summary="Close a plan")
def close_plan(request: Called, plan_id: int) -> Any:
    return _to_plan(request.auth, reclaim.close(request.auth, plan_id))


@router.post("/plans/{plan_id}/items/{item_id}/answer", response={200: ItemOut, **REFUSALS}, summary="Note an answer")
def note_answer(request: Called, plan_id: int, item_id: int, said: AnswerIn) -> Any:
    return _to_item(reclaim.note_answer(request.auth, plan_id, item_id, said.answer))


@router.post("/plans/{plan_id}/script", response={200: dict[str, str], **REFUSALS}, summary="A script of a plan")
def write_script(request: Called, plan_id: int, wanted: ScriptIn) -> Any:
    name, text = reclaim_scripts.write_script(request.auth, plan_id, wanted.kind)
    return {"name": name, "text": text}
