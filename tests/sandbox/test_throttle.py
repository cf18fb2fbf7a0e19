"""Microsoft's limits: reports, accounts with signInActivity one by one, resource units, and all tenants together."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.sandbox.graph import throttle
from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.tenant import Settings, Tenant

from .client import NOW, Client, example, same_shape
from .conftest import Make

ACTIVITY = "/users?$top=5&$select=id,signInActivity"


@pytest.fixture(autouse=True)
def _time_passes_only_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine must not let a limit's seconds pass between two requests."""
    monkeypatch.setattr(Tenant, "elapsed", property(lambda tenant: tenant._moved))


@pytest.mark.parametrize("path", ["/auditLogs/signIns?$top=1", ACTIVITY])
def test_reports_are_five_in_ten_seconds_and_the_rest_is_not(make: Make, path: str) -> None:
    client = make("throttle", people=30)
    assert [client.ask(path).status_code for _ in range(7)] == [200] * 5 + [429] * 2
    assert client.ask("/users").status_code == 200
    client.sandbox.tenant.move(seconds=10)
    assert client.ask(path).status_code == 200


def test_refused_calls_count(make: Make) -> None:
    client = make("throttle", people=30)
    log = "/auditLogs/signIns?$top=1"
    for _ in range(5):
        client.ask(log)
    client.sandbox.tenant.move(seconds=9)
    assert [client.ask(log).status_code for _ in range(5)] == [429] * 5
    client.sandbox.tenant.move(seconds=2)
    refused = client.ask(log)
    assert refused.status_code == 429
    client.sandbox.tenant.move(seconds=int(refused.headers["retry-after"]))
    assert client.ask(log).status_code == 200


def test_one_account_after_the_other_is_ten_a_minute(make: Make) -> None:
    client = make("throttle", people=30)
    ids = [row["id"] for row in client.ask("/users?$top=11").json()["value"]]
    asked = [client.ask(f"/users/{id_}?$select=signInActivity") for id_ in ids]
    assert [answer.status_code for answer in asked] == [200] * 10 + [429]
    assert 50 <= int(asked[-1].headers["retry-after"]) <= 60


def test_resource_units_are_told_from_four_fifths_on_and_then_refused(make: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr(throttle, "SIZES", ((50, 20), (501, 40), (1 << 60, 60)))
    for people, units in ((49, 20), (120, 40), (700, 60)):
        client = make("throttle", people=people)
        answers = [client.ask("/users") for _ in range(units // 2 + 1)]
        assert [a.status_code for a in answers] == [200] * (units // 2) + [429]
        shares = [float(a.headers.get("x-ms-throttle-limit-percentage", 0)) for a in answers]
        assert shares[: units * 2 // 5] == [0] * (units * 2 // 5)
        assert 0.8 < shares[-2] <= 1 < shares[-1] <= 1.8
        tenant = client.sandbox.tenant
        scope = f"Tenant_Application/ReadWrite/{tenant.client_id}/{tenant.tenant_id}"
        assert answers[-1].headers["x-ms-throttle-scope"] == scope
        assert answers[-1].headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
        assert int(answers[-1].headers["retry-after"]) >= 1
        same_shape(answers[-1].json(), example("error_429_TooManyRequests_generic"))


def test_a_selection_costs_half(make: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr(throttle, "SIZES", ((1 << 60, 20),))
    client = make("throttle")
    assert [client.ask("/users?$select=id").status_code for _ in range(21)] == [200] * 20 + [429]


def test_all_tenants_of_an_app_share_a_limit(monkeypatch: Any) -> None:
    monkeypatch.setattr(throttle, "REPORTS_EVERYWHERE", 12)
    settings = Settings(people=20, now=NOW, frozen=True)
    with Sandbox(settings=settings, faults=["throttle"], more=More(tenants=4)) as sandbox:
        client = Client(sandbox)
        found = []
        for tenant in sandbox.tenants:
            client._token = client.sign_in(tenant=tenant.tenant_id).json()["access_token"]
            found += [client.ask("/auditLogs/signIns?$top=1").status_code for _ in range(4)]
        assert found == [200] * 12 + [429] * 4
        client.close()


def test_each_request_of_a_batch_is_throttled_alone(make: Make) -> None:
    client = make("throttle", people=20)
    requests = [{"id": str(n), "method": "GET", "url": "/auditLogs/signIns?$top=1"} for n in range(7)]
    answer = client.http.post(
        f"{client.sandbox.graph_url}/v1.0/$batch",
        json={"requests": requests},
        headers={"Authorization": f"Bearer {client.token}"},
    )
    inner = answer.json()["responses"]
    assert [one["status"] for one in inner] == [200] * 5 + [429] * 2
    assert "Retry-After" in inner[-1]["headers"]
