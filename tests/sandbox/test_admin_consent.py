"""An administrator lets the application into their tenant: the page, its answers, and tokens before and after."""

from __future__ import annotations

import math
from urllib.parse import urlencode

import pytest

from tests.signing_in import ADMINISTRATOR, OTHER, consent

from .client import Client
from .conftest import Make

BACK = "https://seats.example.com/connections/consented"


@pytest.fixture
def client(make: Make) -> Client:
    client = make(people=20)
    client.sandbox.tenant.service_principal_since = math.inf
    return client


def address(client: Client, tenant: str = "organizations", **changes: str) -> str:
    good = {
        "client_id": client.sandbox.client_id,
        "scope": "https://graph.microsoft.com/.default",
        "redirect_uri": BACK,
        "state": "1 2",
    }
    return f"{client.sandbox.login_url}/{tenant}/v2.0/adminconsent?{urlencode(good | changes)}"


def test_a_token_is_refused_before_the_consent_and_given_after_it(client: Client) -> None:
    refused = client.sign_in()
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [7000229])
    answer = consent(client.sandbox, address(client))
    assert answer == {
        "admin_consent": "True",
        "tenant": client.sandbox.tenant_id,
        "scope": "https://graph.microsoft.com/.default",
        "state": "1 2",
    }
    assert client.sign_in().status_code == 200


def test_the_token_service_learns_of_a_consent_after_a_while(client: Client) -> None:
    client.sandbox.tenant.consent_delay = 60
    consent(client.sandbox, address(client, client.sandbox.tenant_id))
    assert client.sign_in().status_code == 401
    client.sandbox.tenant.move(seconds=61)
    assert client.sign_in().status_code == 200


@pytest.mark.parametrize("error", ["consent_required", "access_denied", "permission_denied"])
def test_who_declines_lets_nobody_in(client: Client, error: str) -> None:
    client.sandbox.tenant.consent_refusal = error
    answer = consent(client.sandbox, address(client), None)
    assert (answer["error"], answer["state"], "tenant" in answer) == (error, "1 2", False)
    assert answer["error_description"].startswith("AADSTS65004: ")
    assert client.sign_in().status_code == 401


def test_only_an_administrator_consents(client: Client) -> None:
    answer = consent(client.sandbox, address(client), OTHER)
    assert (answer["error"], answer["error_description"][:12]) == ("access_denied", "AADSTS90094:")
    assert client.sign_in().status_code == 401
    assert consent(client.sandbox, address(client), ADMINISTRATOR)["tenant"] == client.sandbox.tenant_id


@pytest.mark.parametrize(
    ("tenant", "changes", "code"),
    [
        ("organizations", {"client_id": "00000000-0000-4000-8000-000000000000"}, "AADSTS700016"),
        ("organizations", {"redirect_uri": "http://elsewhere.example.com/"}, "AADSTS50011"),
        ("organizations", {"scope": ""}, "AADSTS900144"),
        ("organizations", {"scope": "https://graph.microsoft.com/User.Read.All"}, "AADSTS70011"),
        ("contoso.example", {}, "AADSTS90002"),
        ("common", {}, "AADSTS90002"),
    ],
)
def test_a_wrong_link_ends_at_microsoft(client: Client, tenant: str, changes: dict[str, str], code: str) -> None:
    answer = client.http.get(address(client, tenant, **changes))
    assert (answer.status_code, code in answer.text) == (400, True), answer.text
