"""What the pages can do, a script can do: the same services, with problems that say the way out."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from seatkeeper.api.rest import api
from seatkeeper.clock import days, system_clock
from seatkeeper.reporting import refresh
from seatkeeper.services.applications import find_application
from seatkeeper.services.members import Role
from seatkeeper.store.models import ApiToken, Application, Organization
from tests.people import NAME, read_tenant
from tests.web.conftest import SignedIn

from .conftest import Caller, Calls

DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.json"
NEW = {
    "name": "Project",
    "tenant_id": "6babcaad-604b-40ac-a9d7-9fd97c0b779f",
    "client_id": "11111111-2222-4333-8444-555555555555",
    "client_secret": "abc~DEF.0123456789-abcdefghijklmnopqrst",
}


@cache
def _description() -> str:
    """Worked out once: that takes seconds."""
    return json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"))


def described() -> dict[str, Any]:
    return json.loads(_description())  # type: ignore[no-any-return]


def test_the_committed_description_is_the_one_that_is_served(calls: Calls) -> None:
    """When this fails on purpose: `python -m tests.api.describe` writes the file anew."""
    assert json.loads(DESCRIPTION.read_text()) == described()
    caller = calls()
    assert caller.get("/openapi.json") == (200, described())
    assert described()["openapi"].startswith("3.1")


def test_an_application_lives_and_dies_by_rest(calls: Calls) -> None:
    caller = calls()
    status, made = caller.call("POST", "/applications", NEW | {"tags": ["emea", "pilot"], "tasks": ["roster"]})
    assert (status, made["tags"], made["tasks"], made["active"]) == (201, ["emea", "pilot"], ["roster"], True)
    path = f"/applications/{made['id']}"
    assert caller.get(path) == (200, made)
    assert caller.call("PATCH", path, {"threshold_days": 30, "name": "P"})[1]["threshold_days"] == 30
    assert caller.call("POST", f"{path}/deactivate")[1]["active"] is False
    assert caller.call("POST", f"{path}/reactivate")[1]["active"] is True
    listed = caller.get("/applications")[1]
    assert [(row["id"], row["name"]) for row in listed["rows"]] == [(made["id"], "P")]
    assert caller.call("DELETE", path) == (204, None)
    assert caller.get(path)[0] == 404
    assert not Application.objects.exists()


def test_a_secret_never_comes_back(calls: Calls) -> None:
    caller = calls()
    status, made = caller.call("POST", "/applications", NEW)
    assert status == 201
    for path in (f"/applications/{made['id']}", "/applications", "/audit", f"/applications/{made['id']}/tasks"):
        assert NEW["client_secret"] not in json.dumps(caller.get(path)[1])
    assert NEW["client_secret"] not in json.dumps(made)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tenant_id": "common"}, "tenant_id"),
        ({"client_id": "x"}, "client_id"),
        ({"client_secret": None}, "client_secret"),
        ({"name": "x" * 301}, "name"),
        ({"threshold_days": 0}, "threshold_days"),
        ({"tasks": ["nothing"]}, "0"),
        ({"organization_id": 2}, "organization_id"),
        ({"login_url": "http://evil.example"}, "login_url"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(calls: Calls, change: dict[str, Any], field: str) -> None:
    status, problem = calls().call("POST", "/applications", NEW | change)
    assert (status, problem["status"], problem["title"]) == (422, 422, "Unprocessable Entity"), problem
    assert problem["field"] == field
    assert not Application.objects.exists()


def test_no_operation_takes_a_field_that_it_does_not_know() -> None:
    shapes = described()["components"]["schemas"]
    taken = {
        part["schema"]["$ref"].rpartition("/")[2]
        for path in described()["paths"].values()
        for operation in path.values()
        for kind, part in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    }
    assert len(taken) > 10
    assert [name for name in sorted(taken) if shapes[name].get("additionalProperties") is not False] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_no_object_is_refused_without_a_trace(calls: Calls, body: bytes) -> None:
    status, problem = calls().call("POST", "/applications", body)
    assert status in (400, 422)
    assert set(problem) <= {"type", "title", "status", "detail", "field", "errors"}


def test_no_token_a_wrong_one_an_old_one_and_a_revoked_one_are_all_the_same_401(calls: Calls) -> None:
    caller = calls()
    assert caller.get("/applications")[0] == 200
    nobody = Caller(None).get("/applications")
    assert nobody[0] == 401
    assert Caller("sk_" + "x" * 43).get("/applications") == nobody
    ApiToken.objects.update(expires=system_clock() - days(1))
    assert caller.get("/applications") == nobody
    ApiToken.objects.update(expires=system_clock() + days(1), revoked=True)
    assert caller.get("/applications") == nobody


def test_a_foreign_application_looks_exactly_like_one_that_does_not_exist(
    calls: Calls, other_organization: Organization
) -> None:
    made = calls().call("POST", "/applications", NEW)[1]
    stranger = calls(Role.ADMINISTER, other_organization)
    missing = made["id"] + 1000
    for path in (
        "",
        "/users",
        "/licenses",
        "/findings",
        "/suspicious",
        "/tasks",
        "/runs",
        "/quarantine",
        "/exemptions",
    ):
        foreign = stranger.get(f"/applications/{made['id']}{path}")
        assert foreign[0] == 404
        assert foreign == stranger.get(f"/applications/{missing}{path}")
    assert stranger.call("DELETE", f"/applications/{made['id']}")[0] == 404
    assert stranger.get("/applications")[1]["rows"] == []
    assert Application.objects.count() == 1


def test_people_are_listed_searched_filtered_and_sorted_as_on_the_page(calls: Calls, empty_store: None) -> None:
    caller = calls()
    with read_tenant() as tenant:
        refresh.refresh_application(find_application(tenant.who, NAME), tenant.clock)
        roster = {row["User ID"] for row in tenant.roster()}
        (row,) = caller.get("/applications")[1]["rows"]
        path = f"/applications/{row['id']}/users"
        everybody = caller.get(f"{path}?size=1000&sort=user_id")[1]
        assert {user["user_id"] for user in everybody["rows"]} == roster
        names = [user["user_id"] for user in everybody["rows"]]
        assert names == sorted(names)
        first = caller.get(f"{path}?size=3&sort=-user_id")[1]
        assert [user["user_id"] for user in first["rows"]] == names[:-4:-1]
        assert (first["total"], first["pages"]) == (len(roster), -(-len(roster) // 3))
        blocked = caller.get(f"{path}?blocked=yes")[1]["rows"]
        assert blocked
        assert all(user["blocked"] for user in blocked)
        assert [user["first_name"] for user in caller.get(f"{path}?q=ada.")[1]["rows"]] == ["Ada"]
        assert caller.get(f"{path}?sort=password")[0] == 422
        assert caller.get(f"{path}?status=anything")[0] == 422


def test_the_page_of_the_description_lists_every_operation(signed_in: SignedIn) -> None:
    page = signed_in(Role.VIEWER).get("/api/v1/docs").content.decode()
    for path, operations in described()["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page


def test_the_description_is_built_once_and_for_members_only(
    calls: Calls, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, browser = calls(), signed_in(Role.VIEWER)
    caller.get("/openapi.json")
    browser.get("/api/v1/docs")
    monkeypatch.setattr(api, "get_openapi_schema", None)
    assert caller.get("/openapi.json")[0] == browser.get("/api/v1/openapi.json").status_code == 200
    assert browser.get("/api/v1/docs").status_code == 200
    stranger = Client().get("/api/v1/openapi.json")
    assert (stranger.status_code, stranger.json()["status"]) == (401, 401)
    assert Client().get("/api/v1/docs").headers["Location"] == "/accounts/login/?next=/api/v1/docs"


def test_before_the_set_up_rest_says_so_and_its_description_can_be_read(empty_store: None) -> None:
    for headers in ({}, {"Authorization": "Bearer sk_guess"}):
        answer = Client(headers=headers).get("/api/v1/applications")
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert "/setup" in answer.json()["detail"]
    assert Client().get("/api/v1/openapi.json").json() == described()
    assert Client().get("/api/v1/docs").status_code == 200


def test_a_page_of_ours_may_call_with_its_session_and_its_csrf_token_only(
    calls: Calls, signed_in: Any, organization: Organization
) -> None:
    client = signed_in(Role.ADMINISTER)
    assert client.get("/api/v1/applications").status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    answer = strict.post("/api/v1/applications", json.dumps(NEW), "application/json")
    assert answer.status_code in (401, 403)
    assert not Application.objects.exists()


def test_a_problem_tells_field_title_and_message_apart(calls: Calls) -> None:
    _, problem = calls().call("POST", "/applications", NEW | {"tenant_id": "common"})
    (error,) = problem["errors"]
    assert (error["field"], error["title"]) == ("tenant_id", "Tenant ID")
    assert problem["detail"] == f"Tenant ID: {error['message']}"
    assert not error["message"].startswith("Tenant")


def test_a_problem_tells_everything_that_has_the_wrong_shape(calls: Calls) -> None:
    _, problem = calls().call("POST", "/applications", NEW | {"threshold_days": "soon", "cloud": "moon"})
    assert {error["field"] for error in problem["errors"]} == {"threshold_days", "cloud"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [("/applications?q=%00", 422), ("/applications/1/users/a%00", 404), ("/members?sort=%2500%00", 422)],
)
def test_an_address_with_a_character_that_no_database_takes_is_refused(
    calls: Calls, empty_store: None, address: str, expected: int
) -> None:
    status, problem = calls().get(address)
    assert (status, problem["status"]) == (expected, expected)
    assert "NUL" in problem["detail"]


def test_an_address_that_is_not_there_is_told_as_a_problem(calls: Calls, empty_store: None) -> None:
    for address in ("/nope", "/applications/x/y/z"):
        status, problem = calls().get(address)
        assert (status, problem["status"], problem["title"]) == (404, 404, "Not Found")


def test_true_is_no_number(calls: Calls) -> None:
    caller = calls()
    _, made = caller.call("POST", "/applications", NEW)
    status, problem = caller.call("PATCH", f"/applications/{made['id']}", {"threshold_days": True})
    assert (status, problem["field"]) == (422, "threshold_days")
    assert Application.objects.get().threshold_days == made["threshold_days"]


def test_a_change_made_of_an_older_version_is_refused_and_without_one_it_is_made(calls: Calls) -> None:
    caller = calls()
    _, made = caller.call("POST", "/applications", NEW)
    address = f"/api/v1/applications/{made['id']}"

    def change(threshold: int, **headers: str) -> Any:
        body = json.dumps({"threshold_days": threshold})
        return caller.client.patch(address, body, "application/json", headers=caller.headers | headers)

    tag = caller.client.get(address, headers=caller.headers)["ETag"]
    changed = change(30, **{"If-Match": tag})
    assert (changed.status_code, changed["ETag"] != tag) == (200, True)
    stale = change(90, **{"If-Match": tag})
    assert stale.status_code == 412
    assert "changed after" in stale.json()["detail"]
    assert Application.objects.get().threshold_days == 30
    assert change(90, **{"If-Match": changed["ETag"]}).status_code == 200
    assert change(15, **{"If-Match": "*"}).status_code == 200
    assert change(45).status_code == 200


def test_a_rest_call_is_told_everything_that_is_wrong_at_once(calls: Calls) -> None:
    _, problem = calls().call("POST", "/applications", NEW | {"name": " ", "client_id": "x", "client_secret": None})
    assert {error["field"] for error in problem["errors"]} == {"name", "client_id", "client_secret"}
