"""The managed identity of this server: asked for of its own host alone, and what is missing is named."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msal
import pytest

from seatkeeper.errors import CredentialsRejected, Unavailable
from seatkeeper.graph import managed_identity
from seatkeeper.graph.clouds import to_endpoints
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.managed_identity import SYSTEM, ManagedIdentity
from seatkeeper.graph.token import TokenSource
from seatkeeper.sandbox.identity import IdentityService
from seatkeeper.sandbox.login.workload import AUDIENCE, workload_token
from seatkeeper.sandbox.serve import Sandbox

from .conftest import QUICK

USER = "3f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed_identity, "_TOKENS", msal.TokenCache())


@pytest.fixture
def service() -> Iterator[IdentityService]:
    with IdentityService() as running:
        yield running


@pytest.fixture(params=["machine", "app_service"])
def azure(request: pytest.FixtureRequest, service: IdentityService, monkeypatch: pytest.MonkeyPatch) -> IdentityService:
    """A machine on Azure of either kind."""
    for name, value in getattr(service, request.param).items():
        monkeypatch.setenv(name, value)
    return service


def read(identity: str = SYSTEM, audience: str = AUDIENCE) -> str:
    return ManagedIdentity("client", identity, audience).read()


def test_a_tenant_that_trusts_the_identity_signs_this_server_in(azure: IdentityService) -> None:
    with Sandbox(people=20, days=3, seed=7) as tenant, IdentityService(tenant.tenant):
        endpoints = to_endpoints("global", tenant.login_url, tenant.graph_url, Path(tenant.ca_file).read_text())
        egress = Egress(endpoints)
        credential = ManagedIdentity(tenant.client_id, SYSTEM, endpoints.exchange)
        tokens = TokenSource(tenant.tenant_id, credential, endpoints, egress, retry=QUICK)
        assert tokens.token().roles
        tokens.renew()
        egress.close()
    assert [asked["resource"] for asked in azure.asked] == [AUDIENCE]  # the second time it is known still


def test_each_audience_and_identity_has_a_token_of_its_own(azure: IdentityService) -> None:
    azure.assigned.add(USER)
    tokens = {read(), read(audience=f"{AUDIENCE}China"), read(USER), read(USER)}
    assert len(azure.asked) == 3
    assert [asked.get("client_id") for asked in azure.asked] == [None, None, USER]
    assert tokens


@pytest.mark.parametrize("identity", [SYSTEM, USER])
def test_an_identity_that_the_machine_does_not_have_is_named_as_not_assigned(
    azure: IdentityService, identity: str
) -> None:
    azure.assigned.clear()
    with pytest.raises(CredentialsRejected, match=r"is not assigned.*SEATKEEPER_MANAGED_IDENTITY"):
        read(identity)


def test_outside_azure_nothing_answers_and_that_is_said(
    service: IdentityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*next(iter(service.machine.items())))
    service.shutdown()
    service.server_close()
    with pytest.raises(CredentialsRejected, match=r"nothing answers as Azure does.*not on Azure"):
        read()


GOOD = json.dumps({"access_token": workload_token(), "expires_in": "3600", "expires_on": "4000000000"}).encode()


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (
            403,
            b'{"error": "forbidden", "error_description": "No."}',
            CredentialsRejected,
            "refused by Azure .*403, for",
        ),
        (400, b'{"error": "<b>", "message": null}', CredentialsRejected, "something other than Azure"),
        (
            401,
            b'{"statusCode": 401, "message": "Unauthorized"}',
            CredentialsRejected,
            r"refused by Azure \(status 401\)",
        ),
        (200, b"<html>welcome</html>", CredentialsRejected, "something other than Azure answers"),
        (200, b"[" * 60_000, CredentialsRejected, "something other than Azure answers"),
        (200, GOOD + b" " * 100_000, CredentialsRejected, "something other than Azure answers"),
        (
            200,
            b'{"access_token": "pasted", "expires_in": "3600"}',
            CredentialsRejected,
            r"refused by Azure \(status 200",
        ),
        (302, GOOD, CredentialsRejected, r"refused by Azure \(status 302\)"),
        (404, b"<html>no such page</html>", CredentialsRejected, "something other than Azure answers"),
        (404, b'{"error": "not_found"}', Unavailable, "now"),
        (410, b"", Unavailable, "now"),
        (429, b"{}", Unavailable, "now"),
        (503, b"", Unavailable, "now"),
    ],
)
def test_an_answer_that_is_no_token_is_an_error_that_says_what_to_do(
    azure: IdentityService, status: int, body: bytes, error: type[Exception], words: str
) -> None:
    azure.instead = status, body
    with pytest.raises(error, match=words):
        read()
    assert len(azure.asked) == 1  # a redirect is not followed


@pytest.mark.parametrize("life", [{"expires_in": "soon", "expires_on": "soon"}, {"expires_in": ""}])
def test_a_life_that_is_no_number_is_refused(
    service: IdentityService, monkeypatch: pytest.MonkeyPatch, life: dict[str, Any]
) -> None:
    for name, value in service.app_service.items():
        monkeypatch.setenv(name, value)
    service.instead = 200, json.dumps({"access_token": workload_token(), **life}).encode()
    with pytest.raises(CredentialsRejected, match="not supported"):
        read()


@pytest.mark.parametrize(
    "address",
    ["http://192.0.2.7/token", "https://localhost/token", "http://azure.example/token", "http://u@localhost/t"],
)
def test_it_is_asked_for_at_no_address_beyond_this_machines_host(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", address)
    monkeypatch.setenv("IDENTITY_HEADER", "secret-header")
    with pytest.raises(CredentialsRejected, match="not this machine's own") as refused:
        read()
    assert "secret-header" not in str(refused.value)


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed_identity, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Unavailable, match=r"within 0\.2 seconds"):
            read()


def test_the_environments_proxy_is_not_asked(azure: IdentityService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert read()
    assert azure.asked


def test_a_machine_of_a_kind_that_msal_asks_otherwise_is_refused(
    azure: IdentityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in azure.app_service.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", "a" * 40)  # Service Fabric
    with pytest.raises(CredentialsRejected, match="not supported"):
        read()
    assert not azure.asked
