"""Searches of the audit log in the pretend tenant: they take minutes, and find what people really did."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from seatkeeper.sandbox.faults import FAULTS
from seatkeeper.sandbox.world import audited
from seatkeeper.sandbox.world.catalog import DYNAMICS, POWER_BI, PROJECT
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Settings, Tenant

from .client import NOW, Client
from .conftest import Make

PATH = "/security/auditLog/queries"
WANTED = {
    "filterStartDateTime": "2026-02-01T00:00:00Z",
    "filterEndDateTime": NOW,
    "recordTypeFilters": ["powerBIAudit"],
}


def _client(make: Make, **settings: Any) -> Client:
    client = make(everything=True, frozen=True, now=NOW, **settings)
    client.sandbox.tenant.permissions.add("AuditLogsQuery.Read.All")
    return client


def _post(client: Client, version: str = "v1.0", **changes: Any) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {client.token}"}
    return client.http.post(f"{client.sandbox.graph_url}/{version}{PATH}", headers=headers, json=WANTED | changes)


def test_a_search_is_queued_then_runs_and_then_has_records(make: Make) -> None:
    client = _client(make)
    started = _post(client)
    assert (started.status_code, started.json()["status"]) == (201, "notStarted")
    own = f"{PATH}/{started.json()['id']}"
    assert client.ask(f"{own}/records").status_code == 400
    client.sandbox.tenant.move(seconds=100)
    assert client.ask(own).json()["status"] == "running"
    client.sandbox.tenant.move(seconds=200)
    assert client.ask(own).json()["status"] == "succeeded"
    rows = client.rows(f"{own}/records")
    assert {row["auditLogRecordType"] for row in rows} == {"powerBIAudit"}
    assert {"regular", "system", "application", "dcAdmin"} <= {row["userType"] for row in rows}
    assert len({row["id"] for row in rows}) == len(rows) > 150  # more than a page


def test_nothing_else_can_be_posted(make: Make) -> None:
    client = _client(make)
    assert _post(client, "beta").status_code == 405
    assert _post(client, recordTypeFilters=["copilotInteraction"]).status_code == 400
    assert _post(client, filterEndDateTime="soon").status_code == 400
    headers = {"Authorization": f"Bearer {client.token}"}
    for path in ("/users", f"{PATH}/x", f"{PATH}/x/records"):
        assert client.http.post(f"{client.sandbox.graph_url}/v1.0{path}", headers=headers, json={}).status_code == 405
    client.sandbox.tenant.permissions.discard("AuditLogsQuery.Read.All")
    client.renew()
    assert _post(client).status_code == 403


def test_fifty_searches_may_be_under_way(make: Make) -> None:
    client = _client(make)
    assert {_post(client).status_code for _ in range(50)} == {201}
    refused = _post(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    client.sandbox.tenant.move(seconds=300)
    assert _post(client).status_code == 201


@pytest.mark.parametrize("value", FAULTS["audit-search"].variants)
def test_each_fault_shows_and_is_undone(value: str, make: Make) -> None:
    client = _client(make)
    id_ = _post(client).json()["id"]
    client.sandbox.tenant.move(seconds=600)
    client.sandbox.tenant.switch_on("audit-search", value)
    answer = client.ask(f"{PATH}/{id_}")
    shown = answer.json().get("status", answer.status_code)
    assert shown == {"stuck": "running", "gone": 404, "off": 403, "limited": "succeeded"}.get(value, value)
    client.sandbox.tenant.switch_off("audit-search")
    assert client.ask(f"{PATH}/{id_}").json()["status"] == "succeeded"


@pytest.mark.parametrize("product", [PROJECT, POWER_BI, DYNAMICS])
def test_records_are_of_true_uses_by_the_name_of_then_and_come_late(product: str) -> None:
    tenant = Tenant(Settings(people=200, now=NOW, frozen=True, churn=40.0, everything=True))
    tenant.move(days=20)
    now = tenant.seconds
    types = [kind for kind, _operation in audited.TYPES[product]]
    told = list(audited.acts(tenant, types, (0, now), now))
    people = [(act.person, act.at) for act in told if act.person is not None]
    assert len(people) > 20
    for person, at in people:
        assert person == tenant.directory.at(person.number, at // 10**7)
    later = list(audited.acts(tenant, types, (0, now), now + 7 * DAY))
    assert {act.id for act in told} < {act.id for act in later}
    assert all(act.at // 10**7 <= now for act in later)
