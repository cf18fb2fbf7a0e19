"""Every error that Microsoft documents, or that was seen in public, comes from a request that makes it at Microsoft."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest

from .client import EXAMPLES
from .conftest import Make
from .test_identity import STRANGER, _assertion, _present

# How sure the wording is; what is only remembered or invented is no measure.
MEASURES = {"docs", "text-public-ids-invented"}
PROVENANCE = {
    row["file"]: row["kind"] for row in csv.DictReader((EXAMPLES / "PROVENANCE.csv").read_text().splitlines())
}
ERRORS = sorted(
    name for name, kind in PROVENANCE.items() if kind in MEASURES and re.match(r"(token_)?error_\d|headers_[45]", name)
)
STATUSES = {row["file"]: row["status"] for row in json.loads((EXAMPLES / "error_index.json").read_text())}
NOBODY = "aaaaaaaa-0000-4000-8000-000000000000"
PLAN = "fafd7243-e5c1-4a3a-9e40-495efcb1d3c3"


def _asks(path: str) -> Callable[[Make], Any]:
    return lambda make: make(people=300).ask(path)


def _with(path: str, **switches: object) -> Callable[[Make], Any]:
    """The answer when the tenant's switches stand so."""

    def produce(make: Make) -> Any:
        client = make(people=20)
        for name, value in switches.items():
            setattr(client.sandbox.tenant, name, value)
        return client.ask(path)

    return produce


def _signs_in(**form: str) -> Callable[[Make], Any]:
    return lambda make: make(people=20).sign_in(**form)


def _signs_in_when(switch: str) -> Callable[[Make], Any]:
    def produce(make: Make) -> Any:
        client = make(people=20)
        setattr(client.sandbox.tenant, switch, True)
        return client.sign_in()

    return produce


def _bearer(text: str) -> Callable[[Make], Any]:
    def produce(make: Make) -> Any:
        client = make(people=20)
        headers = {"Authorization": text} if text else {}
        return client.http.get(f"{client.sandbox.graph_url}/v1.0/users", headers=headers)

    return produce


def _expired(make: Make) -> Any:
    client = make(people=20)
    assert client.token
    client.sandbox.tenant.move(hours=2)
    return client.ask("/users")


def _old_link(path: str, link: str, **time: float) -> Callable[[Make], Any]:
    """A link that was given some time ago."""

    def produce(make: Make) -> Any:
        client = make(people=300)
        found = client.ask(path).json()[link]
        client.sandbox.tenant.move(**time)
        client.renew()
        return client.ask(found)

    return produce


def _too_often(beginning: str) -> Callable[[Make], Any]:
    """The log words its refusal in two ways, now so, now so."""

    def produce(make: Make) -> Any:
        client = make("throttle", people=20)
        for _ in range(100):
            answer = client.ask("/auditLogs/signIns?$top=1")
            if answer.status_code == 429 and answer.json()["error"]["message"].startswith(beginning):
                break
        return answer

    return produce


def _many_units(make: Make) -> Any:
    """3,500 units in ten seconds are a small tenant's: batches spend them quickly."""
    client = make("throttle", people=20)
    steps = {"requests": [{"id": str(n), "method": "GET", "url": "/subscribedSkus"} for n in range(20)]}
    for _ in range(80):
        client.http.post(
            f"{client.sandbox.graph_url}/v1.0/$batch",
            content=json.dumps(steps).encode(),
            headers={"Authorization": f"Bearer {client.token}"},
        )
        answer = client.ask("/subscribedSkus")
        if answer.status_code == 429:
            break
    return answer


def _challenged(make: Make) -> Any:
    client = make(people=20)
    form = {"claims": '{"access_token":{"xms_cc":{"values":["cp1"]}}}'}
    token = client.sign_in(**form).json()["access_token"]
    client.sandbox.tenant.challenge()
    return client.http.get(f"{client.sandbox.graph_url}/v1.0/users", headers={"Authorization": f"Bearer {token}"})


def _federated(make: Make) -> Any:
    claims = {"iss": "https://issuer.example", "sub": "<sub>"}
    return _present(make(people=20), pyjwt.encode(claims, STRANGER[0], "RS256"))


def _discovery(make: Make) -> Any:
    client = make(people=20)
    return client.http.get(f"{client.sandbox.login_url}/nobody.example/v2.0/.well-known/openid-configuration")


PRODUCERS: dict[str, Callable[[Make], Any]] = {
    "error_400_delta_signInActivity": _asks("/users/delta?$select=signInActivity"),
    "error_400_delta_too_old": _old_link("/users/delta?$deltatoken=latest", "@odata.deltaLink", days=31),
    "error_400_signIns_invalid_filter": _asks("/auditLogs/signIns?$filter=createdDateTime ge '2026-07-01'"),
    "error_400_signIns_skip_token": _asks("/auditLogs/signIns?$skiptoken=abc"),
    "error_400_signIns_skip_token_expired": _old_link("/auditLogs/signIns?$top=1", "@odata.nextLink", hours=0.4),
    "error_400_users_complex_query": _asks(
        f"/users?$filter=assignedPlans/any(p:p/servicePlanId eq {PLAN} and p/capabilityStatus eq 'Enabled')"
    ),
    "error_400_users_count_without_consistency": _asks("/users/$count"),
    "error_400_users_expired_page_token": _old_link("/users?$top=5", "@odata.nextLink", hours=3),
    "error_400_users_page_size": _asks("/users?$top=1000"),
    "error_400_users_unsupported_query": _asks("/users?$filter=endsWith(mail,'@northwind.example')"),
    "error_401_InvalidAuthenticationToken_empty": _bearer(""),
    "error_401_InvalidAuthenticationToken_expired": _expired,
    "error_401_InvalidAuthenticationToken_malformed": _bearer("Bearer nonsense"),
    "error_403_Authorization_RequestDenied_users": _with("/users", permissions={"AuditLog.Read.All"}),
    "error_403_signIns_missing_AuditLog": _with("/auditLogs/signIns", permissions={"Directory.Read.All"}),
    "error_403_signIns_no_directory_read_legacy2018": _with(
        "/auditLogs/signIns", permissions={"AuditLog.Read.All"}, old_licence_check=True
    ),
    "error_403_signIns_no_premium": _with("/auditLogs/signIns", premium=False),
    "error_404_Request_ResourceNotFound": _asks(f"/users/{NOBODY}"),
    "error_429_TooManyRequests_generic": _many_units,
    "error_429_signIns_UnknownError": _too_often("This request"),
    "error_429_signIns_UnknownError_short": _too_often("Too Many"),
    "error_501_NotImplemented_select": _asks("/users?$select=id,skills"),
    "headers_401_cae": _challenged,
    "headers_429_identity": _many_units,
    "token_error_400_53003": _signs_in_when("blocked_by_policy"),
    "token_error_400_700016": _signs_in_when("app_removed"),
    "token_error_400_70011": _signs_in(scope="https://foo.microsoft.com/.default"),
    "token_error_400_90002_discovery": _discovery,
    "token_error_400_90002_token": _signs_in(tenant="nobody.example"),
    "token_error_401_7000215": _signs_in(client_secret="wrong"),
    "token_error_401_7000222": _signs_in_when("secret_expired"),
    "token_error_401_700027": lambda make: _present(client := make(people=20), _assertion(client)),
    "token_error_401_700213": _federated,
}
CHANGING = {"date", "request-id", "client-request-id", "trace_id", "correlation_id", "timestamp", "claims"}
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _plain(text: str) -> str:
    """A message without what differs from tenant to tenant and from minute to minute."""
    text = text.partition(" Trace ID: ")[0]
    for pattern in ("<appId>", "<tenant>", "nobody.example", "<hex>", r"\b[0-9A-F]{40,64}\b"):
        text = re.sub(pattern, "#", text)
    return GUID.sub("#", text)


def compare(answer: Any, documented: Any, place: str = "") -> None:
    """Equal key by key and in order; values too, but for ids and times, which only have the same type."""
    assert type(answer) is type(documented), place
    if isinstance(documented, dict):
        assert list(answer) == list(documented), place
        for name, value in documented.items():
            if name in CHANGING:
                assert isinstance(answer[name], type(value)), name
            else:
                compare(answer[name], value, f"{place}/{name}")
    elif isinstance(documented, str):
        assert _plain(answer) == _plain(documented), place
    else:
        assert answer == documented, place


@pytest.mark.parametrize("file", ERRORS)
def test_the_error_is_microsofts(make: Make, file: str) -> None:
    answer = PRODUCERS[file.partition(".")[0]](make)
    if file.endswith(".txt"):
        _compare_headers(answer, (EXAMPLES / file).read_text())
        return
    wanted = STATUSES.get(file) or int(file.split("_")[2])
    assert answer.status_code == wanted
    compare(answer.json(), json.loads((EXAMPLES / file).read_text()))


def _compare_headers(answer: Any, text: str) -> None:
    first, *lines = text.strip().splitlines()
    assert answer.status_code == int(first.split()[1])
    for name, _, value in (line.partition(": ") for line in lines):
        sent = answer.headers[name]
        if name == "www-authenticate":
            assert re.findall(r' (\w+)="', sent) == re.findall(r' (\w+)="', value)
            claims = json.loads(base64.b64decode(re.findall(r'claims="([^"]+)"', sent)[0]))
            assert list(claims) == ["access_token"]
        elif name not in {"request-id", "client-request-id", "Retry-After", "x-ms-ags-diagnostic"}:
            assert _plain(sent) == _plain(value), name


def test_every_file_is_accounted_for() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} - {"PROVENANCE.csv"} == set(PROVENANCE)
    assert {f"{name}.{'txt' if name.startswith('headers') else 'json'}" for name in PRODUCERS} == set(ERRORS)
    assert len(ERRORS) >= 33
