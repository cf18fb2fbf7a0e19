"""Without its line in the trail nothing changes: while the trail cannot be written, every operation fails whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from django.apps import apps
from django.core.cache import cache
from django.db import OperationalError

from seatkeeper.model import to_key
from seatkeeper.services.members import May, Role
from seatkeeper.store.models import (
    AuditEvent,
    Connection,
    ConsentLink,
    Finding,
    Organization,
    ReclaimItem,
    ReclaimPlan,
    SeatHolder,
)
from tests.web.conftest import NewMember
from tests.web.world import EXAMPLES, World, populate

from .conftest import Calls
from .test_matrix import CHANGES

# What these work on is half made up in this world, so that they are refused before they do anything.
REFUSED_ANYWAY = {
    "POST /applications/{application_id}/plans", "POST /applications/{application_id}/tasks/{task}/stop",
    "POST /runs/{run_id}/confirm", "POST /runs/{run_id}/discard", "POST /credentials/rotate",
}  # fmt: skip
# What is kept of an operation that comes to nothing: that somebody called.
APART = {"ApiToken", "Attempt", "Session", "UserSession"}


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    cache.clear()
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def world(organization: Organization, other_organization: Organization, new_member: NewMember) -> World:
    return populate(organization, other_organization, new_member)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    tables = [each for each in apps.get_models() if each.__name__ not in APART]
    return {each.__name__: list(each._default_manager.order_by("pk").values()) for each in tables}


def fill(path: str, world: World) -> str:
    """With the ids of what there is in the world."""
    other_names = {"exception_id": "exemption_id", "member_id": "membership_id"}

    def find(argument: re.Match[str]) -> str:
        name = argument[1]
        return "roster" if name == "task" else EXAMPLES[other_names.get(name, name)](world, Role.ADMINISTER)

    return re.sub(r"{(\w+)}", find, path)


@pytest.mark.parametrize("operation", sorted(CHANGES.keys() - REFUSED_ANYWAY))
def test_what_cannot_be_noted_in_the_trail_is_not_done(
    operation: str, world: World, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = calls(operates=CHANGES[operation][0] is May.OPERATE)
    caller.client.raise_request_exception = False
    method, path = operation.split(" ")
    path = fill(path, world)
    if "/review" in path or "/approve" in path:
        ReclaimPlan.objects.update(state="draft")
        item = ReclaimItem.objects.select_related("plan").get()  # its seat is still there to be given back
        who = {"account": to_key(item.object_id), "object_id": item.object_id, "skus": item.sku}
        SeatHolder.objects.create(
            application_id=item.plan.application_id, blocked=False, guest=False, signals={}, **who
        )
    if operation == "POST /organizations/{organization_id}/reactivate":
        Organization.objects.filter(pk=world.other.pk).update(archived=1)
    if path.endswith(("/keep", "/forget")):
        Connection.objects.update(forget_at=1)
    if path.endswith("/retry"):
        ConsentLink.objects.update(status="consented")
    Finding.objects.update(state="accepted" if "/reopen" in path else "open")

    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    before = everything()
    monkeypatch.setattr(AuditEvent, "save", full)
    if operation == "POST /employees":
        status, _ = caller.upload(path, b"E-mail,First Name\nada@example.com,Ada\n")
    else:
        status, _ = caller.call(method, path, CHANGES[operation][1])
    assert everything() == before
    assert status == 500, "it leaves no line"
