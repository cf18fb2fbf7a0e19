"""Onboarding over REST: the registration, links, rows of a list, and checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.jobs import joining, tenant_checks
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services.members import Role
from seatkeeper.store.models import Connection, Organization
from tests.signing_in import consent

from .conftest import Caller, Calls

SECRET = "Sk8~this-must-be-seen-nowhere-at-all"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(people=20, days=5, seed=3) as sandbox:
        yield sandbox


def reached(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": sandbox.client_id,
        "login_url": sandbox.login_url,
        "graph_url": sandbox.graph_url,
        "ca_file": Path(sandbox.ca_file).read_text(),
    }


def keep(caller: Caller, sandbox: Sandbox, secret: str = "") -> tuple[int, Any]:
    told = reached(sandbox) | {"tenant_id": sandbox.tenant_id, "client_secret": secret or sandbox.client_secret}
    return caller.call("PUT", "/app-registration", told)[:2]


def test_a_customer_joins_by_a_link_and_gets_the_new_secret_with_all_others(calls: Calls, sandbox: Sandbox) -> None:
    caller = calls(Role.APPLICATIONS)
    assert caller.call("GET", "/app-registration")[0] == 404
    assert keep(caller, sandbox, SECRET)[0] == 409
    status, kept = keep(caller, sandbox)
    assert (status, kept["redirect_uri"]) == (200, "http://localhost:8000/connections/consented")
    assert sandbox.client_secret not in json.dumps(kept)
    status, link = caller.call("POST", "/consent-links", {"customer": "Contoso", "products": ["office-365"]})[:2]
    assert (status, link["status"], link["connection"]) == (201, "waiting", None)
    caller.client.get("/connections/consented", consent(sandbox, link["address"]))
    joining.join_due(lambda: False)
    link = caller.call("GET", f"/consent-links/{link['id']}")[1]
    assert (link["status"], link["address"]) == ("joined", None)
    assert caller.call("GET", f"/connections/{link['connection']}")[1]["client_id"] == sandbox.client_id
    (row,) = caller.call("GET", "/consent-links?status=joined")[1]["rows"]
    assert row["customer"] == "Contoso"
    assert caller.call("POST", f"/consent-links/{link['id']}/withdraw")[0] == 422
    assert caller.call("DELETE", "/app-registration")[0] == 204


def test_rows_are_tried_added_and_checked(calls: Calls, sandbox: Sandbox) -> None:
    caller = calls(Role.APPLICATIONS)
    good = reached(sandbox) | {
        "name": "Contoso", "tenant": sandbox.tenant_id, "secret": sandbox.client_secret, "products": "office-365",
    }  # fmt: skip
    rows = [good, {"name": SECRET, "tenant": SECRET, "products": SECRET}]
    status, told = caller.call("POST", "/customers", {"rows": rows, "dry_run": True})[:2]
    assert (status, told["rows"], told["good"], told["tenants"]) == (200, 2, 1, [])
    assert {wrong["row"] for wrong in told["wrong"]} == {2}
    assert SECRET not in json.dumps(told)
    assert caller.call("POST", "/customers", {"rows": rows})[1]["tenants"] == []
    assert not Connection.objects.exists()
    (made,) = caller.call("POST", "/customers", {"rows": rows, "only_good": True})[1]["tenants"]
    assert caller.call("POST", "/customers", {"rows": [{"nonsense": SECRET}]})[0] == 422
    status, progress = caller.call("POST", "/tenant-checks")[:2]
    assert (status, progress) == (202, {"tenants": 1, "checked": 0, "failed": 0})
    tenant_checks.check_due(lambda: False)
    assert caller.call("GET", "/tenant-checks/progress")[1] == {"tenants": 1, "checked": 1, "failed": 0}
    (row,) = caller.call("GET", "/tenant-checks")[1]["rows"]
    assert (row["tenant"], row["result"]) == (sandbox.tenant_id, "passed")
    told = {"client_id": sandbox.client_id, "client_secret": SECRET}
    assert caller.call("POST", "/credentials/rotate", told)[0] == 422, "its own addresses are to be named"
    assert Connection.objects.get().pk == made


def test_nothing_of_another_organization_is_shown(
    calls: Calls, sandbox: Sandbox, other_organization: Organization
) -> None:
    mine, theirs = calls(Role.APPLICATIONS), calls(Role.ADMINISTER, other_organization)
    keep(mine, sandbox)
    link = mine.call("POST", "/consent-links", {"customer": "Contoso", "products": ["office-365"]})[1]
    assert theirs.call("GET", f"/consent-links/{link['id']}")[0] == 404
    assert theirs.call("GET", "/consent-links")[1]["total"] == 0
    assert theirs.call("GET", "/app-registration")[0] == 404
    told = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    assert theirs.call("POST", "/credentials/rotate", told)[0] == 422
