"""Whoever asks for too much, too deep or too long gets Graph's own error, quickly, and the next one is served."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from seatkeeper.sandbox.graph.user_count import MANY
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from tests.thorough import in_turn

from .client import NOW, Client, costing_less_than

LISTS = (
    "/users", "/users/delta", "/users/$count", "/auditLogs/signIns", "/auditLogs/directoryAudits", "/subscribedSkus",
    "/organization", "/directory/subscriptions", "/directory/deletedItems/microsoft.graph.user",
)  # fmt: skip
QUICK = 2.0  # seconds on a busy machine
HUGE = "9" * 4000


QUERIES = (
    f"$top={HUGE}",
    f"$top=-{HUGE}",
    f"$skiptoken={'A' * 20_000}",
    f"$select={','.join(['id'] * 9000)}",
    f"$select={'a/' * 9000}id",
    f"$orderby={'displayName,' * 2000}id",
    f"$expand={'manager($expand=' * 900}",
    f"$filter={quote('(' * 9000)}",
    f"$filter={quote('not ' * 4000)}accountEnabled eq true",
    f"$filter={quote(' or '.join(['accountEnabled eq true'] * 700))}",
    f"$filter={quote('assignedLicenses/any(x:' * 900)}",
    f"$filter=id in ({quote(','.join([repr(HUGE[:36])] * 400))})",
    "$search=" + '%22' * 9000,
    "&".join(f"$x{n}=1" for n in range(4000)),
    "$filter=%00%ff%fe&$select=%ed%a0%80&$count=%0d%0a",
    "$count=true&$filter=" + quote("startsWith(displayName,'" + "a" * 15_000 + "')"),
)  # fmt: skip


@pytest.mark.parametrize(("number", "path"), in_turn([(n, path) for path in LISTS for n in range(len(QUERIES))], 4))
def test_a_hostile_query_is_answered_quickly(shared: Client, path: str, number: int) -> None:
    began = time.monotonic()
    answer = shared.ask(f"{path}?{QUERIES[number]}", ConsistencyLevel="eventual")
    assert time.monotonic() - began < QUICK
    assert answer.status_code in {200, 400, 501}
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"code", "message", "innerError"}
        assert len(answer.content) < 2000


def _raw(client: Client, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Sent as it is: polite clients refuse to send such addresses."""
    context = ssl.create_default_context(cafile=client.sandbox.ca_file)
    line = http.client.HTTPSConnection(client.sandbox.graph_url.removeprefix("https://"), context=context, timeout=5)
    try:
        kind = "application/x-www-form-urlencoded" if path.endswith("/token") else "application/json"
        line.request(method, path, body, {"Authorization": f"Bearer {client.token}", "Content-Type": kind})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("path", LISTS)
def test_a_megabyte_of_filter_is_refused(shared: Client, path: str) -> None:
    status, body = _raw(shared, "GET", f"/v1.0{path}?$filter=" + "a" * 1_000_000)
    assert (status, json.loads(body)["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "path",
    [
        "/users/" + "a" * 60_000,
        "/users/%00%ff",
        "/" * 9000,
        "/users(" + "'" * 9000,
        "/../..",
        "/reports/getOffice365ActiveUserDetail(" + "period=" * 5000 + ")",
    ],
    ids=range(6),
)
def test_a_hostile_address_is_refused(shared: Client, path: str) -> None:
    status, body = _raw(shared, "GET", f"/v1.0{path}")
    assert status in {400, 403, 404}
    assert len(body) < 2000


def test_a_token_request_of_megabytes_is_refused(shared: Client) -> None:
    path = f"/{shared.sandbox.tenant_id}/oauth2/v2.0/token"
    for body in (b"a" * 3_000_000, b"a=1&" * 500_000, b"grant_type=client_credentials&claims=" + b"[" * 900_000):
        status, answer = _raw(shared, "POST", path, body)
        assert (status, json.loads(answer)["error"]) == (400, "invalid_request")


@pytest.fixture(scope="module")
def large() -> Iterator[Client]:
    with Sandbox(settings=Settings(people=200_000, now=NOW, frozen=True)) as sandbox:
        client = Client(sandbox)
        yield client
        client.close()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$filter=surname eq 'nobody'", 200),
        ("$filter=accountEnabled eq false&$count=true", 200),
        ("$filter=startsWith(mail,'zz')&$count=true", 400),
        ('$search="displayName:nobody"&$count=true', 200),
        ('$search="mail:nobody"&$count=true', 400),
        ("$orderby=displayName", 400),
    ],
)
def test_a_question_to_two_hundred_thousand_people_does_not_hang(large: Client, query: str, status: int) -> None:
    with costing_less_than(4 * QUICK):
        answer = large.ask(f"/users?{query}&$top=5", ConsistencyLevel="eventual")
    assert answer.status_code == status


def test_counting_by_prototypes_is_counting(large: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    people = 60_123
    with Sandbox(settings=Settings(people=people, now=NOW, frozen=True, churn=5.0)) as sandbox:
        client = Client(sandbox)
        sandbox.tenant.move(days=3)
        for text in ("accountEnabled eq false", "startsWith(surname,'B') and userType eq 'Guest'"):
            path = f"/users/$count?$filter={quote(text)}&$count=true"
            quick = client.ask(path, ConsistencyLevel="eventual").text
            monkeypatch.setattr("seatkeeper.sandbox.graph.user_count.MANY", people * 2)
            assert client.ask(path, ConsistencyLevel="eventual").text == quick
            monkeypatch.setattr("seatkeeper.sandbox.graph.user_count.MANY", MANY)
        client.close()
