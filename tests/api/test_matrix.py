"""Every operation times everybody who might call it. An operation that is not in the table fails the build."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from seatkeeper.services.members import ROLES, May, Role
from seatkeeper.store.models import Connection, Organization

from .conftest import Caller, Calls
from .test_rest import NEW, described

CUSTOMER = {
    "name": "Contoso", "tenant": "contoso.com", "products": "office-365",
    "client_id": "22222222-2222-2222-2222-222222222222", "secret": "Sk8~the-secret-of-contoso",
}  # fmt: skip
# What each changing operation needs, and a body that it takes. Whatever only reads needs May.SEE.
CHANGES: dict[str, tuple[May, Any]] = {
    "POST /applications": (May.APPLICATIONS, NEW | {"name": "Another"}),
    "PATCH /applications/{application_id}": (May.APPLICATIONS, {"threshold_days": 30}),
    "DELETE /applications/{application_id}": (May.APPLICATIONS, None),
    "POST /applications/{application_id}/authorize": (May.APPLICATIONS, None),
    "POST /applications/{application_id}/deactivate": (May.APPLICATIONS, None),
    "POST /applications/{application_id}/reactivate": (May.APPLICATIONS, None),
    "POST /connections/{connection_id}/products": (May.APPLICATIONS, {"products": ["microsoft-visio"]}),
    "POST /connections/{connection_id}/keep": (May.APPLICATIONS, None),
    "POST /connections/{connection_id}/forget": (May.APPLICATIONS, None),
    "POST /credentials/rotate": (
        May.APPLICATIONS,
        {"client_id": NEW["client_id"], "client_secret": "Sk8~another-secret"},
    ),
    "PUT /app-registration": (May.APPLICATIONS, {"fields": {"client_secret_expires": "2099-01-01"}}),
    "DELETE /app-registration": (May.APPLICATIONS, None),
    "POST /consent-links": (May.APPLICATIONS, {"customer": "Contoso", "products": ["office-365"]}),
    "POST /consent-links/{link_id}/withdraw": (May.APPLICATIONS, None),
    "POST /consent-links/{link_id}/retry": (May.APPLICATIONS, None),
    "POST /customers": (May.APPLICATIONS, {"rows": [CUSTOMER]}),
    "POST /tenant-checks": (May.APPLICATIONS, None),
    "PATCH /applications/{application_id}/tasks/{task}": (May.APPLICATIONS, {"every_hours": 12}),
    "POST /applications/{application_id}/tasks/{task}/run": (May.APPLICATIONS, {}),
    "POST /applications/{application_id}/tasks/{task}/stop": (May.APPLICATIONS, None),
    "POST /runs/{run_id}/confirm": (May.APPLICATIONS, None),
    "POST /runs/{run_id}/discard": (May.APPLICATIONS, None),
    "POST /findings/{finding_id}/accept": (May.LICENSES, {}),
    "POST /findings/{finding_id}/reopen": (May.LICENSES, {}),
    "POST /applications/{application_id}/exceptions": (
        May.LICENSES,
        {"scope": "department", "value": "Sales", "reason": "agreed"},
    ),
    "DELETE /exceptions/{exception_id}": (May.LICENSES, None),
    "POST /applications/{application_id}/exemptions": (  # what it was called before
        May.LICENSES,
        {"scope": "department", "value": "Research", "reason": "agreed"},
    ),
    "DELETE /exemptions/{exception_id}": (May.LICENSES, None),
    "PUT /applications/{application_id}/suspicious/{object_id}/recognition": (May.USERS, {"reason": "agreed"}),
    "DELETE /applications/{application_id}/suspicious/{object_id}/recognition": (May.USERS, None),
    "POST /employees": (May.USERS, None),
    "POST /prices": (May.LICENSES, {"part_number": "PROJECT_P1", "amount": "1", "currency": "EUR"}),
    "DELETE /prices/{price_id}": (May.LICENSES, None),
    "POST /applications/{application_id}/plans": (May.LICENSES, {"name": "May", "skus": []}),
    "POST /plans/{plan_id}/review": (May.LICENSES, {"keep": []}),
    "POST /plans/{plan_id}/approve": (May.LICENSES, None),
    "POST /plans/{plan_id}/close": (May.LICENSES, None),
    "POST /plans/{plan_id}/items/{item_id}/answer": (May.LICENSES, {"answer": "needed"}),
    "POST /plans/{plan_id}/script": (May.LICENSES, {"kind": "az"}),
    "POST /notice-targets": (May.MEMBERS, {"name": "hook", "kind": "webhook", "address": "https://93.184.215.14/"}),
    "PATCH /notice-targets/{target_id}": (May.MEMBERS, {"active": False}),
    "POST /notice-targets/{target_id}/test": (May.MEMBERS, None),
    "DELETE /notice-targets/{target_id}": (May.MEMBERS, None),
    "POST /members": (May.MEMBERS, {"email": "new@example.com", "role": "Viewer"}),
    "PUT /members/{member_id}/role": (May.MEMBERS, {"role": "Viewer"}),
    "POST /members/{member_id}/deactivate": (May.MEMBERS, None),
    "POST /members/{member_id}/reactivate": (May.MEMBERS, None),
    "DELETE /members/{member_id}": (May.MEMBERS, None),
    "POST /organizations": (May.OPERATE, {"name": "Another"}),
    "PATCH /organizations/{organization_id}": (May.OPERATE, {"name": "Another"}),
    "POST /organizations/{organization_id}/archive": (May.OPERATE, None),
    "POST /organizations/{organization_id}/reactivate": (May.OPERATE, None),
    "POST /organizations/{organization_id}/administrator": (May.OPERATE, {"email": "new@example.com"}),
    "POST /operators": (May.OPERATE, {"email": "new@example.com"}),
    "DELETE /operators/{operator_id}": (May.OPERATE, None),
    "POST /tokens": (May.SEE, {"name": "mine", "role": "Viewer"}),
    "DELETE /tokens/{token_id}": (May.SEE, None),
}
READS: dict[str, May] = {
    "GET /consent-links/{link_id}": May.APPLICATIONS,
    "GET /members": May.MEMBERS,
    "GET /audit": May.MEMBERS,
    "GET /notice-targets": May.MEMBERS,
    "GET /operators": May.OPERATE,
}


def operations() -> list[str]:
    """Every operation of the description, by method and path below /api/v1."""
    return [
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, some in described()["paths"].items()
        for method in some
    ]


def _needed(operation: str) -> May:
    return READS.get(operation, May.SEE) if operation.startswith("GET ") else CHANGES[operation][0]


def _call(caller: Caller, operation: str, application_id: int) -> int:
    method, path = operation.split(" ")
    path = path.replace("{application_id}", str(application_id)).replace("{task}", "roster")
    path = path.replace("{connection_id}", str(Connection.objects.values_list("pk", flat=True).first() or 0))
    path = path.replace("{object_id}", "11111111-2222-4333-8444-555555555555")
    for name in (
        "target_id",
        "run_id",
        "finding_id",
        "exception_id",
        "price_id",
        "member_id",
        "token_id",
        "plan_id",
        "item_id",
        "organization_id",
        "operator_id",
        "link_id",
    ):
        path = path.replace(f"{{{name}}}", "999999")
    if operation == "POST /employees":
        return caller.upload(path, b"E-mail,First Name\nada@example.com,Ada\n")[0]
    return caller.call(method, path, None if method == "GET" else CHANGES[operation][1])[0]


def test_every_operation_that_changes_something_is_in_the_table() -> None:
    assert {operation for operation in operations() if not operation.startswith("GET ")} == set(CHANGES)
    assert set(READS) <= set(operations())


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    """Nobody answers where the application leads, and nobody waits for it."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_its_row_says_and_nothing_else(calls: Calls, role: Role) -> None:
    made = calls().call("POST", "/applications", NEW)[1]["id"]
    caller = calls(role)
    last = "DELETE /applications/{application_id}"
    for operation in sorted(operations(), key=lambda operation: operation == last):
        status = _call(caller, operation, made)
        if _needed(operation) in ROLES[role]:
            assert status not in (401, 403, 405, 500), (operation, status)
        else:
            assert status == 403, (operation, status)
    sys.stdout.write(f"{role}: {len(operations())} operations\n")


def test_an_operator_operates_and_sees_no_more_than_the_role_says(calls: Calls) -> None:
    caller = calls(Role.VIEWER, operates=True)
    for operation in operations():
        status = _call(caller, operation, 999999)
        if _needed(operation) in (May.SEE, May.OPERATE):
            assert status not in (401, 403, 405, 500), (operation, status)
        else:
            assert status == 403, (operation, status)


def test_nobody_and_strangers_get_nothing(calls: Calls, other_organization: Organization) -> None:
    made = calls().call("POST", "/applications", NEW)[1]["id"]
    stranger, nobody = calls(Role.ADMINISTER, other_organization), Caller(None)
    for operation in operations():
        assert _call(nobody, operation, made) == 401, operation
        if "{application_id}" in operation or "{connection_id}" in operation:
            assert _call(stranger, operation, made) == 404, operation
