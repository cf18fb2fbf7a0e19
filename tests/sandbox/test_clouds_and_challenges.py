"""Identity beyond a secret: outside issuers, access evaluated anew, the hosts of each cloud."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization

from seatkeeper.sandbox.world.tenant import Federated

from .client import Client, example, same_shape
from .conftest import Make
from .test_identity import CERTIFICATE, STRANGER, _claims, _present

ISSUER, SUBJECT = "https://token.actions.githubusercontent.com", "repo:northwind/reader:ref:refs/heads/main"


@pytest.fixture
def federated(make: Make) -> Client:
    client = make(people=20)
    public = CERTIFICATE[0].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    client.sandbox.tenant.register_federated(Federated(ISSUER, SUBJECT, public.decode()))
    return client


def _outside(key: Any = CERTIFICATE[0], **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "nbf": now, "exp": now + 300}
    return pyjwt.encode(claims | changes, key, "RS256", {"kid": "one"})


@pytest.mark.parametrize("audience", ["api://AzureADTokenExchange", ["api://AzureADTokenExchange"]])
def test_an_outside_issuer_that_is_registered_signs_in(federated: Client, audience: Any) -> None:
    answer = _present(federated, _outside(aud=audience))
    assert answer.status_code == 200, answer.text
    assert _claims(answer)["appidacr"] == "2"
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert federated.http.get(f"{federated.sandbox.graph_url}/v1.0/users", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (700211, {"iss": "https://issuer.example"}),
        (700212, {"aud": "api://elsewhere"}),
        (700212, {"aud": ["api://AzureADTokenExchange", "api://elsewhere"]}),
        (700213, {"sub": "repo:stranger/reader"}),
        (700024, {"exp": int(time.time()) - 4000, "nbf": int(time.time()) - 5000}),
        (50013, {"key": STRANGER[0]}),
    ],
)
def test_an_outside_assertion_is_read_closely(federated: Client, number: int, changes: dict[str, Any]) -> None:
    answer = _present(federated, _outside(**changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_codes"] == [number]
    assert list(answer.json()) == list(example("token_error_401_700213"))


def test_a_certificate_still_signs_in_beside_a_federated_credential(federated: Client) -> None:
    from .test_identity import _assertion, public_pem

    federated.sandbox.tenant.register_certificate(public_pem(CERTIFICATE[1]))
    assert _present(federated, _assertion(federated)).status_code == 200


CAPABLE = {"access_token": {"xms_cc": {"values": ["cp1"]}}}


def _ask(client: Client, token: str) -> Any:
    return client.http.get(f"{client.sandbox.graph_url}/v1.0/users", headers={"Authorization": f"Bearer {token}"})


def test_a_challenge_is_answered_with_the_claims_it_names(make: Make) -> None:
    client = make(people=20)
    first = client.sign_in(claims=json.dumps(CAPABLE)).json()
    assert 20 * 3600 <= first["expires_in"] <= 28 * 3600
    assert _ask(client, first["access_token"]).status_code == 200
    client.sandbox.tenant.challenge()
    answer = _ask(client, first["access_token"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    same_shape(answer.json(), example("error_401_InvalidAuthenticationToken_expired"))
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in challenge
    demanded = json.loads(base64.b64decode(re.findall(r'claims="([^"]+)"', challenge)[0]))
    again = client.sign_in(claims=json.dumps(CAPABLE)).json()["access_token"]
    assert _ask(client, again).status_code == 401, "asked for without the claims"
    demanded["access_token"] |= CAPABLE["access_token"]
    good = client.sign_in(claims=json.dumps(demanded)).json()["access_token"]
    assert _ask(client, good).status_code == 200


def test_who_cannot_answer_a_challenge_gets_none_unless_everybody_does(make: Make) -> None:
    client = make(people=20)
    tenant = client.sandbox.tenant
    assert client.token
    tenant.challenge()
    assert client.ask("/users").status_code == 200
    tenant.challenge(everybody=True)
    assert client.ask("/users").status_code == 401
    tenant.move(seconds=5)
    client.renew()
    assert client.ask("/users").status_code == 200, "a token from after the event needs no claims"


@pytest.mark.parametrize(
    "claims", ["{", "[]", '{"access_token":7}', '{"access_token":{"nbf":{"value":"x"}}}', "[" * 9000]
)
def test_claims_that_cannot_be_read_are_a_bad_request(shared: Client, claims: str) -> None:
    answer = shared.sign_in(claims=claims)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90023])


@pytest.mark.parametrize("claims", ["{}", '{"id_token":{}}', '{"access_token":{"acrs":{"value":"c1"}}}'])
def test_claims_that_mean_nothing_here_are_ignored(shared: Client, claims: str) -> None:
    assert shared.sign_in(claims=claims).status_code == 200


def test_a_busy_login_host_answers_429(make: Make) -> None:
    client = make(people=20)
    client.sandbox.tenant.login_throttled = True
    answer = client.sign_in()
    assert (answer.status_code, answer.json()["error_codes"]) == (429, [90055])
    assert list(answer.json()) == list(example("token_error_401_7000215"))


CLOUDS = [
    ("login.microsoftonline.com", "graph.microsoft.com"),
    ("login.microsoftonline.us", "graph.microsoft.us"),
    ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
    ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
]


def _token_at(client: Client, login: str, graph: str) -> Any:
    """A token asked for at a cloud's own host: the Host header says which, the connection stays on loopback."""
    form = {
        "grant_type": "client_credentials", "client_id": client.sandbox.client_id,
        "client_secret": client.sandbox.client_secret, "scope": f"https://{graph}/.default",
    }  # fmt: skip
    url = f"{client.sandbox.login_url}/{client.sandbox.tenant_id}/oauth2/v2.0/token"
    return client.http.post(url, data=form, headers={"Host": login})


@pytest.mark.parametrize(("login", "graph"), CLOUDS)
def test_each_cloud_has_its_own_hosts_and_tokens(shared: Client, login: str, graph: str) -> None:
    sandbox = shared.sandbox
    answer = _token_at(shared, login, graph)
    assert _claims(answer)["aud"] == f"https://{graph}"
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    page = shared.http.get(f"{sandbox.graph_url}/v1.0/users?$top=1", headers={**token, "Host": graph}).json()
    assert page["@odata.nextLink"].startswith(f"https://{graph}/v1.0/users?")
    for other in {host for _, host in CLOUDS} - {graph}:
        refused = shared.http.get(f"{sandbox.graph_url}/v1.0/users", headers={**token, "Host": other})
        assert refused.status_code == 401
        assert refused.json()["error"]["message"] == "Access token validation failure. Invalid audience."
    url = f"{sandbox.login_url}/{sandbox.tenant_id}/v2.0/.well-known/openid-configuration"
    shape = shared.http.get(url, headers={"Host": login}).json()
    assert shape["token_endpoint"] == f"https://{login}/{sandbox.tenant_id}/oauth2/v2.0/token"
    assert graph.endswith(shape["msgraph_host"].removeprefix("dod-"))


def test_a_login_host_knows_no_other_clouds_graph(shared: Client) -> None:
    for login, graph in (("login.microsoftonline.us", "graph.microsoft.com"), (CLOUDS[0][0], "graph.microsoft.us")):
        answer = _token_at(shared, login, graph)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_resource")
        assert answer.json()["error_codes"] == [500011]


def test_national_clouds_have_no_report_settings(make: Make) -> None:
    client = make(people=20)
    client.sandbox.tenant.permissions |= {"ReportSettings.Read.All"}
    for login, graph in CLOUDS:
        token = {"Authorization": f"Bearer {_token_at(client, login, graph).json()['access_token']}", "Host": graph}
        answer = client.http.get(f"{client.sandbox.graph_url}/v1.0/admin/reportSettings", headers=token)
        assert answer.status_code == (200 if graph == "graph.microsoft.com" else 400)


def test_instance_discovery_names_every_cloud_and_itself(shared: Client) -> None:
    shape = shared.http.get(f"{shared.sandbox.login_url}/common/discovery/instance?api-version=1.1").json()
    assert list(shape) == list(example("instance_discovery_1_1"))
    names = {alias for row in shape["metadata"] for alias in row["aliases"]}
    assert {login for login, _ in CLOUDS} | {shared.sandbox.login_url.removeprefix("https://")} == names
