"""People who sign in themselves, with msal unpatched: by a page (authorization code, PKCE) and by a device's code."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal
import pytest

from seatkeeper.sandbox.login import people

from .client import Client
from .conftest import Make

GRAPH = "https://graph.microsoft.com"
SCOPES = [f"{GRAPH}/User.Read.All", f"{GRAPH}/AuditLog.Read.All"]
BACK = "https://seats.example.com/connections/signed-in"


@pytest.fixture
def client(make: Make, monkeypatch: pytest.MonkeyPatch) -> Client:
    client = make(people=20)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", client.sandbox.ca_file)  # how msal is told of a certificate authority
    return client


def app(client: Client, **told: Any) -> Any:
    kind = msal.ConfidentialClientApplication if "client_credential" in told else msal.PublicClientApplication
    sandbox = client.sandbox
    return kind(
        sandbox.client_id,
        authority=f"{sandbox.login_url}/{sandbox.tenant_id}",
        instance_discovery=False,
        **told,
    )


def choose(client: Client, address: str, who: int | None) -> dict[str, str]:
    """Somebody opens the page and presses a button; what their browser carries back."""
    assert client.http.get(address).status_code == 200
    upn = "" if who is None else people.choices(client.sandbox.tenant)[who].upn
    answer = client.http.post(address, data={"user": upn})
    assert answer.status_code == 200, answer.text
    assert f'action="{BACK}"' in answer.text
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}


def read(client: Client, token: str, path: str) -> int:
    url = f"{client.sandbox.graph_url}/v1.0{path}"
    return client.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("secret", [False, True])
def test_msal_signs_a_person_in_by_page_and_renews_the_token(client: Client, secret: bool) -> None:
    told = {"client_credential": client.sandbox.client_secret} if secret else {}
    msal_app = app(client, **told)
    flow = msal_app.initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    found = msal_app.acquire_token_by_auth_code_flow(flow, choose(client, flow["auth_uri"], 0))
    assert set(found["scope"].split()) == set(SCOPES), found
    assert found["id_token_claims"]["tid"] == client.sandbox.tenant_id
    assert read(client, found["access_token"], "/users") == 200
    assert read(client, found["access_token"], "/auditLogs/signIns?$top=1") == 200
    renewed = msal_app.acquire_token_by_refresh_token(found["refresh_token"], [f"{GRAPH}/.default"])
    assert read(client, renewed["access_token"], "/users") == 200
    assert renewed["refresh_token"] != found["refresh_token"]


def test_a_registration_of_the_web_kind_wants_its_secret_too(client: Client) -> None:
    client.sandbox.tenant.public_client = False
    flow = app(client).initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    found = app(client).acquire_token_by_auth_code_flow(flow, choose(client, flow["auth_uri"], 0))
    assert found["error_codes"] == [7000218]


def test_somebody_without_a_role_cannot_consent_and_does_not_see_the_log(client: Client) -> None:
    flow = app(client).initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    assert "AADSTS90094" in choose(client, flow["auth_uri"], 1)["error_description"]
    client.sandbox.tenant.delegated |= {"User.Read.All", "AuditLog.Read.All"}  # an administrator has consented
    found = app(client).acquire_token_by_auth_code_flow(flow, choose(client, flow["auth_uri"], 1))
    assert read(client, found["access_token"], "/users") == 200
    assert read(client, found["access_token"], "/auditLogs/signIns") == 403


def test_a_code_is_good_once_and_only_with_its_proof(client: Client) -> None:
    msal_app = app(client)
    flow = msal_app.initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    answer = choose(client, flow["auth_uri"], 0)
    assert msal_app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))["access_token"]
    again = msal_app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))
    assert again["error_codes"] == [54005]
    other = choose(client, flow["auth_uri"], 0)
    wrong = msal_app.acquire_token_by_auth_code_flow(flow | {"code_verifier": "x" * 43}, other)
    assert wrong["error_codes"] == [501481]


def test_a_client_that_asks_for_it_gets_the_answer_in_the_address(client: Client) -> None:
    flow = app(client).initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    address = flow["auth_uri"].replace("response_mode=form_post", "response_mode=query")
    answer = client.http.post(address, data={"user": people.choices(client.sandbox.tenant)[0].upn})
    place = urlsplit(answer.headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == BACK
    assert dict(parse_qsl(place.query))["state"] == flow["state"]


def test_who_cancels_sends_an_error_back(client: Client) -> None:
    flow = app(client).initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    assert choose(client, flow["auth_uri"], None)["error"] == "access_denied"


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"redirect_uri": "http://seats.example.com/x"}, 50011),
        ({"scope": f"{GRAPH}/Everything.Read"}, 650053),
        ({"response_type": "token"}, 700051),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 700016),
    ],
)
def test_what_can_never_be_right_is_shown_and_not_sent_back(
    client: Client, change: dict[str, str], number: int
) -> None:
    flow = app(client).initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    place = urlsplit(flow["auth_uri"])
    query = dict(parse_qsl(place.query)) | change
    answer = client.http.get(f"{place.scheme}://{place.netloc}{place.path}", params=query)
    assert (answer.status_code, f"AADSTS{number}" in answer.text) == (400, True), answer.text


def test_msal_signs_a_person_in_by_the_code_of_a_device(client: Client) -> None:
    client.sandbox.tenant.device_interval = 1
    msal_app = app(client)
    flow = msal_app.initiate_device_flow(SCOPES)
    once = {"exit_condition": lambda flow: True}
    assert msal_app.acquire_token_by_device_flow(flow, **once)["error"] == "authorization_pending"
    place = flow["verification_uri"]
    upn = people.choices(client.sandbox.tenant)[0].upn
    assert "didn’t work" in client.http.post(place, data={"code": "WRONG", "user": upn}).text
    client.http.post(place, data={"code": flow["user_code"], "user": upn})
    found = msal_app.acquire_token_by_device_flow(flow, **once)
    assert read(client, found["access_token"], "/users") == 200


@pytest.mark.parametrize(("minutes", "error"), [(0, "authorization_declined"), (16, "expired_token")])
def test_a_device_is_told_that_its_code_was_declined_or_came_too_late(client: Client, minutes: int, error: str) -> None:
    msal_app = app(client)
    flow = msal_app.initiate_device_flow(SCOPES)
    client.http.post(flow["verification_uri"], data={"code": flow["user_code"], "user": ""})
    client.sandbox.tenant.move(seconds=60 * minutes)
    found = msal_app.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)
    assert found["error"] == error


def test_after_a_new_password_the_refresh_token_is_good_no_more(client: Client) -> None:
    msal_app = app(client)
    flow = msal_app.initiate_auth_code_flow(SCOPES, redirect_uri=BACK, response_mode="form_post")
    found = msal_app.acquire_token_by_auth_code_flow(flow, choose(client, flow["auth_uri"], 0))
    client.sandbox.tenant.sessions_revoked = True
    again = msal_app.acquire_token_by_refresh_token(found["refresh_token"], [f"{GRAPH}/.default"])
    assert again["error_codes"] == [50173]
