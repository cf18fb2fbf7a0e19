"""Tenants over REST: the same state as on their page, and more products with a dry run before."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from seatkeeper.model import to_instant
from seatkeeper.services.members import Role
from seatkeeper.store.models import Application, Connection, Organization
from tests.people import NAME, NOW, Tenant, read_tenant

from .conftest import Calls
from .test_rest import NEW

VISIO = "microsoft-visio"


@pytest.fixture
def tenant(organization: Organization) -> Iterator[Tenant]:
    with read_tenant() as read:
        yield read


def path(more: str = "") -> str:
    return f"/connections/{Connection.objects.get().pk}{more}"


def test_a_tenant_tells_its_applications_signals_permissions_and_what_could_be_added(
    calls: Calls, tenant: Tenant
) -> None:
    status, told = calls(Role.VIEWER).get(path())
    assert (status, told["tenant_id"], told["vendor"]) == (200, tenant.sandbox.tenant_id, "Microsoft")
    (managed,) = told["applications"]
    assert (managed["name"], managed["product"], managed["active"]) == (NAME, "microsoft-project", True)
    assert "PROJECT_P1" in {seat["part_number"] for seat in managed["owned"]["seats"]}
    assert [signal["signal"] for signal in managed["signals"]][:2] == ["sign-ins", "non-interactive-sign-ins"]
    tasks = {task["task"]: task for task in told["tasks"]}
    assert (tasks["roster"]["state"], tasks["roster"]["granted"]) == ("complete", True)
    assert (tasks["copilot-usage"]["permission"], tasks["copilot-usage"]["granted"]) == ("Reports.Read.All", None)
    assert told["addable"][0]["product"] == VISIO
    assert tenant.sandbox.client_secret not in json.dumps(told)
    (row,) = calls().get("/connections")[1]["rows"]
    assert (row["tenant"], row["products"], row["health"]) == (tenant.sandbox.tenant_id, "Microsoft Project", "healthy")


def test_what_was_never_read_is_null(calls: Calls) -> None:
    caller = calls()
    caller.call("POST", "/applications", NEW)
    told = caller.get(path())[1]
    assert told["applications"][0]["owned"]["seats"] is None
    assert {task["last_complete"] for task in told["tasks"]} == {None}
    assert told["directory_id"] == NEW["tenant_id"]


def test_a_dry_run_changes_nothing_and_the_same_call_without_it_adds_all(calls: Calls, tenant: Tenant) -> None:
    caller, body = calls(), {"products": [VISIO, "power-bi"]}
    status, told = caller.call("POST", path("/products"), body | {"dry_run": True})
    assert (status, told["added"]) == (200, [])
    assert f"No figure of “{NAME}” changes." in told["changes"]
    assert Application.objects.count() == 1
    status, done = caller.call("POST", path("/products"), body)
    assert (status, done["changes"]) == (201, told["changes"])
    assert [each["product"] for each in done["added"]] == [VISIO, "power-bi"]
    for each in done["added"]:
        assert caller.call("DELETE", f"/applications/{each['id']}")[0] == 204
    assert calls().get(path())[1]["applications"][0]["name"] == NAME


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("products", [[], ["microsoft-word"], [VISIO, VISIO], ["microsoft-project"]])
def test_what_cannot_be_added_is_a_problem_of_the_field(calls: Calls, products: list[str], dry_run: bool) -> None:
    caller = calls()
    caller.call("POST", "/applications", NEW)
    status, problem = caller.call("POST", path("/products"), {"products": products, "dry_run": dry_run})
    assert (status, problem["field"]) == (422, "products")
    assert Application.objects.count() == 1


def test_only_who_may_edit_applications_adds_and_a_stranger_finds_nothing(
    calls: Calls, other_organization: Organization
) -> None:
    calls().call("POST", "/applications", NEW)
    body = {"products": [VISIO]}
    assert calls(Role.VIEWER).call("POST", path("/products"), body | {"dry_run": True})[0] == 403
    stranger = calls(Role.ADMINISTER, other_organization)
    assert stranger.get(path())[0] == 404
    assert stranger.call("POST", path("/products"), body)[0] == 404
    assert stranger.get("/connections")[1]["rows"] == []
    assert Application.objects.count() == 1


def test_the_people_of_a_tenant_and_one_over_all_products(calls: Calls, tenant: Tenant) -> None:
    caller = calls(Role.VIEWER)
    status, told = caller.get(path("/people?q=ada"))
    assert status == 200
    (row,) = told["rows"]
    assert (row["products"], row["blocked"], row["annual_cost_amounts"]) == ("Microsoft Project", False, [])
    status, told = caller.get(path(f"/people/{row['object_id']}"))
    assert (status, told["name"], told["user_id"]) == (200, "Ada Berg", row["user_id"])
    (product,) = told["products"]
    assert (product["product"], product["observable"], product["status"]) == ("microsoft-project", True, "active")
    says = {cell["signal"]: cell for cell in product["signals"]}
    assert says["sign-ins"]["last"] == row["newest_use"] or says["sign-ins"]["last"] < row["newest_use"]
    assert says["sign-ins"]["speaks"]
    assert caller.get(path("/people/00000000-0000-0000-0000-000000000001"))[0] == 404


def test_the_licence_position_of_a_tenant(calls: Calls, other_organization: Organization, tenant: Tenant) -> None:
    status, told = calls(Role.VIEWER).get(path("/position"))
    assert status == 200
    assert {row["counted_at"] for row in told["rows"]} <= {"Microsoft Project", "inside"}
    assert sum(row["bought"] for row in told["rows"] if row["counted_at"] == row["application"]) > 0
    assert calls(Role.ADMINISTER, other_organization).get(path("/position"))[0] == 404


def test_the_true_up_of_a_tenant(calls: Calls, other_organization: Organization, tenant: Tenant) -> None:
    day = NOW[:10]
    status, told = calls(Role.VIEWER).get(path(f"/true-up?first={day}&last={day}"))
    assert (status, told["days_read"], told["days"]) == (200, 1, 1)
    assert "PROJECTPROFESSIONAL" in {row["SKU"] for row in told["rows"]}
    assert calls(Role.VIEWER).get(path("/true-up?first=2026-08-02&last=2026-08-01"))[0] == 422
    stranger = calls(Role.ADMINISTER, other_organization)
    assert stranger.get(path(f"/true-up?first={day}&last={day}"))[0] == 404


def test_a_tenant_that_somebody_looked_round_in_is_kept_or_forgotten(calls: Calls, tenant: Tenant) -> None:
    caller = calls(Role.APPLICATIONS)
    assert caller.get(path())[1]["forgotten"] is None
    assert caller.call("POST", path("/keep"))[0] == 422, "it is read with a credential of its own"
    Connection.objects.update(forget_at=to_instant("2026-12-08T00:00:00Z"))
    assert caller.get(path())[1]["forgotten"] == "2026-12-08T00:00:00Z"
    assert caller.call("POST", path("/keep"))[0] == 204
    assert caller.get(path())[1]["forgotten"] is None
    Connection.objects.update(forget_at=to_instant("2026-12-08T00:00:00Z"))
    assert caller.call("POST", path("/forget"))[0] == 204
    assert not Connection.objects.exists()
