"""Notices and their targets over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS, offer
from seatkeeper.services import notice_targets
from seatkeeper.services.listings import notices
from seatkeeper.services.notice_targets import KINDS

if TYPE_CHECKING:
    from seatkeeper.store.models import NoticeTarget

TAG = "Notices"
router = Router()

KindName: Any = Literal[tuple(kind.key for kind in KINDS)]
Way: Any = Literal[notice_targets.WAYS]


class TargetIn(Schema, extra="forbid"):
    """Where notices go: mailto(s)://, slack:// or workflows:// (`apprise`), or an https address of a `webhook`."""

    name: Annotated[str, Field(max_length=80)]
    kind: Way = "apprise"
    address: Annotated[str, Field(max_length=2000, json_schema_extra={"writeOnly": True})]
    conditions: Annotated[list[KindName], Field(default_factory=list, description="Only these kinds; empty for all")]
    causes: Annotated[  # marked for whoever calls; pydantic's own mark would warn of our reading it, too
        list[KindName],
        Field(default_factory=list, description="Use conditions", json_schema_extra={"deprecated": True}),
    ]


class TargetEdit(Schema, extra="forbid"):
    active: bool


class TargetOut(Schema):
    """The address is never given out. `trouble` is why the last message could not be sent."""

    id: int
    name: str
    kind: str
    conditions: list[str]
    causes: Annotated[list[str], Field(description="Use conditions", deprecated=True)]
    active: bool
    trouble: str


class NewTargetOut(TargetOut):
    """`secret` is what a webhook's messages are signed with, shown this once."""

    secret: str | None


offer(router, "/notices", notices.LISTING, notices.rows, scope="")


@router.get("/notice-targets", response={200: list[TargetOut], **REFUSALS}, summary="Targets")
def list_targets(request: Called) -> Any:
    return [_to_out(target) for target in notice_targets.list_targets(request.auth)]


def _to_out(target: NoticeTarget) -> dict[str, Any]:
    told = {name: getattr(target, name) for name in ("name", "kind", "active", "trouble")}
    conditions = [key for key in target.conditions.split(",") if key]
    return {"id": target.pk, **told, "conditions": conditions, "causes": conditions}


@router.post("/notice-targets", response={201: NewTargetOut, **REFUSALS}, summary="Add a target")
def add_target(request: Called, new: TargetIn) -> Any:
    target = notice_targets.NewTarget(new.name, new.address, new.kind, new.conditions or new.causes)
    added = notice_targets.add(request.auth, target)
    secret = added.secret.reveal() if added.secret else None
    return Status(201, {**_to_out(added.target), "secret": secret})


@router.patch("/notice-targets/{target_id}", response={204: None, **REFUSALS}, summary="Pause or resume a target")
def edit_target(request: Called, target_id: int, edit: TargetEdit) -> Any:
    notice_targets.set_active(request.auth, target_id, active=edit.active)
    return Status(204, None)


@router.post("/notice-targets/{target_id}/test", response={204: None, **REFUSALS}, summary="Send a test")
def test_target(request: Called, target_id: int) -> Any:
    notice_targets.test(request.auth, target_id)
    return Status(204, None)


@router.delete("/notice-targets/{target_id}", response={204: None, **REFUSALS}, summary="Delete a target")
def delete_target(request: Called, target_id: int) -> Any:
    notice_targets.delete(request.auth, target_id)
    return Status(204, None)
