"""POST /$batch: many requests in one, each on its own feet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .client import Client, costing_less_than, example, same_shape
from .conftest import Make


def post(client: Client, steps: Any, version: str = "v1.0") -> Any:
    url = f"{client.sandbox.graph_url}/{version}/$batch"
    body = steps if isinstance(steps, bytes) else json.dumps({"requests": steps}).encode()
    return client.http.post(url, content=body, headers={"Authorization": f"Bearer {client.token}"})


def step(id_: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "method": "GET", "url": url, **more}


def test_each_request_has_its_own_status_headers_and_body(shared: Client) -> None:
    advanced = {"ConsistencyLevel": "eventual"}
    answer = post(
        shared,
        [
            step("1", "/users?$select=id&$count=true&$top=3", headers=advanced),
            step("2", "/admin/reportSettings"),
            step("3", "/users/$count", headers=advanced),
            step("4", "/users?$select=id&$top=2&$filter=startsWith(displayName,'Å')"),
        ],
    )
    assert answer.status_code == 200
    one, two, three, four = answer.json()["responses"]
    documented = example("batch_response")["responses"]
    assert [row["id"] for row in (one, two, three)] == ["1", "2", "3"]
    assert set(one["headers"]) == set(documented[0]["headers"])
    assert list(one["body"]) == ["@odata.context", "@odata.count", "@odata.nextLink", "value"]
    assert one["body"]["@odata.count"] == 300
    assert two["status"] == 403
    same_shape(two["body"], documented[1]["body"])
    assert (three["status"], three["body"]) == (200, "300")
    assert four["status"] == 200
    rest = shared.ask(one["body"]["@odata.nextLink"], ConsistencyLevel="eventual").json()
    assert len(rest["value"]) == 3


def test_what_depends_on_a_failure_fails_with_424(shared: Client) -> None:
    steps = [
        step("a", "/users?$top=1"),
        step("b", "/users/nobody", dependsOn=["a"]),
        step("c", "/users?$top=1", dependsOn=["b"]),
        step("d", "/organization", dependsOn=["a"]),
    ]
    rows = post(shared, steps).json()["responses"]
    assert [row["status"] for row in rows] == [200, 404, 424, 200]
    assert rows[2]["body"]["error"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        [step(str(n), "/users") for n in range(21)],
        [step("1", "/users"), step("1", "/users")],
        [step("", "/users")],
        [],
        [step("1", "https://graph.microsoft.com/v1.0/users")],
        [step("1", "/$batch")],
        [step("1", "/users", dependsOn=["2"]), step("2", "/users")],
        [step("1", "/users", dependsOn=["1"])],
        [{"id": 1, "url": "/users"}],
        b"",
        b"[]",
        b'{"requests":' + b"[" * 100_000,
        b"\xff\xfe{}",
        b'{"requests":[' + b" " * 2_000_000,
    ],
    ids=range(14),
)
def test_a_batch_that_breaks_the_rules_is_refused_whole(shared: Client, body: Any) -> None:
    with costing_less_than(2):
        answer = post(shared, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_only_reading_is_possible_inside_too(shared: Client) -> None:
    rows = post(shared, [step("1", "/users", method="DELETE"), step("2", "/nonsense")]).json()["responses"]
    assert [row["status"] for row in rows] == [405, 400]


def test_each_request_counts_for_throttling(make: Make) -> None:
    client = make("throttle")
    rows = post(client, [step(str(n), "/auditLogs/signIns?$top=1") for n in range(8)]).json()["responses"]
    assert [row["status"] for row in rows] == [200] * 5 + [429] * 3
    assert all(int(row["headers"]["Retry-After"]) >= 1 for row in rows[5:])
    assert client.ask("/auditLogs/signIns?$top=1").status_code == 429


def test_the_token_of_the_whole_counts_and_no_inner_one(shared: Client) -> None:
    inner = {"Authorization": "Bearer nonsense", "Host": "elsewhere.example"}
    rows = post(shared, [step("1", "/users?$top=1", headers=inner)]).json()["responses"]
    assert rows[0]["status"] == 200
    assert "elsewhere" not in json.dumps(rows)


def test_beta_has_a_batch_of_its_own(shared: Client) -> None:
    rows = post(shared, [step("1", "/auditLogs/signIns?$top=1"), step("2", "/users")], "beta").json()["responses"]
    assert [row["status"] for row in rows] == [200, 400]
    assert rows[0]["body"]["value"][0]["signInEventTypes"] == ["interactiveUser"]
