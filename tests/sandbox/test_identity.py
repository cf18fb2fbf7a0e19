"""The token endpoint: good and bad credentials, and what a token is good for."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt as pyjwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .client import Client, example, same_shape
from .conftest import Make


def make_certificate(*, days: int = 30) -> tuple[rsa.RSAPrivateKey, x509.Certificate, str]:
    """A key, its certificate, and both as PEM; negative `days` make one that has expired."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reader")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    return key, certificate, pem.decode()


def public_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _claims(answer: Any) -> dict[str, Any]:
    payload = answer.json()["access_token"].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def _break(tenant: Any) -> dict[str, Callable[[], None]]:
    return {
        "secret_expired": lambda: setattr(tenant, "secret_expired", True),
        "blocked_by_policy": lambda: setattr(tenant, "blocked_by_policy", True),
        "app_removed": lambda: setattr(tenant, "app_removed", True),
        "": lambda: None,
    }


@pytest.mark.parametrize(
    ("name", "status", "switch", "form"),
    [
        ("token_error_401_7000215", 401, "", {"client_secret": "wrong"}),
        ("token_error_401_7000222", 401, "secret_expired", {}),
        ("token_error_400_53003", 400, "blocked_by_policy", {}),
        ("token_error_400_700016", 400, "app_removed", {}),
        ("token_error_400_700016", 400, "", {"client_id": "aaaaaaaa-0000-4000-8000-000000000000"}),
        ("token_error_400_70011", 400, "", {"scope": "https://foo.microsoft.com/.default"}),
        ("token_error_400_90002_token", 400, "", {"tenant": "nobody.example"}),
    ],
)
def test_refusals_are_those_of_microsoft_key_by_key(
    make: Make, name: str, status: int, switch: str, form: dict[str, str]
) -> None:
    client = make(people=20)
    _break(client.sandbox.tenant)[switch]()
    answer = client.sign_in(**form)
    assert answer.status_code == status
    same_shape(answer.json(), example(name))
    asked = form.get("client_id", client.sandbox.client_id)
    words = example(name)["error_description"].partition(" Trace ID")[0]
    words = words.replace("<appId>", asked).replace("<tenant>", form.get("tenant", client.sandbox.tenant_id))
    assert answer.json()["error_description"].startswith(words + " Trace ID: ")


@pytest.mark.parametrize(
    ("number", "status", "error", "form"),
    [
        (7000216, 401, "invalid_client", {"client_secret": ""}),
        (900144, 400, "invalid_request", {"grant_type": ""}),
        (70003, 400, "unsupported_grant_type", {"grant_type": "password"}),
        (900144, 400, "invalid_request", {"client_id": ""}),
        (900144, 400, "invalid_request", {"scope": ""}),
        (70011, 400, "invalid_scope", {"scope": "https://graph.microsoft.com/User.Read.All"}),
        (9001023, 400, "invalid_request", {"tenant": "common"}),
        (50059, 400, "invalid_request", {"tenant": "organizations"}),
    ],
)
def test_other_refusals_have_their_number_and_status(
    shared: Client, number: int, status: int, error: str, form: dict[str, str]
) -> None:
    answer = shared.sign_in(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_codes"] == [number]


def test_the_openid_configuration_has_every_documented_key(shared: Client) -> None:
    sandbox = shared.sandbox
    for middle in ("/v2.0", ""):
        answer = shared.http.get(f"{sandbox.login_url}/{sandbox.tenant_id}{middle}/.well-known/openid-configuration")
        assert list(answer.json()) == list(example("openid_configuration"))
        assert answer.json()["token_endpoint"].startswith(sandbox.login_url)
    missing = shared.http.get(f"{sandbox.login_url}/nobody.example/v2.0/.well-known/openid-configuration")
    assert missing.status_code == 400
    same_shape(missing.json(), example("token_error_400_90002_discovery"))


def test_a_token_has_the_documented_claims(shared: Client) -> None:
    answer = shared.sign_in()
    assert list(answer.json()) == list(example("token_success"))
    claims = _claims(answer)
    assert list(claims) == [name for name in example("jwt_app_only_payload_v1") if name != "roles"] + ["roles"]
    assert claims["roles"] == ["AuditLog.Read.All", "Directory.Read.All"]
    assert (claims["tid"], claims["appid"]) == (shared.sandbox.tenant_id, shared.sandbox.client_id)
    assert (claims["idtyp"], claims["appidacr"], claims["ver"]) == ("app", "1", "1.0")
    keys = shared.http.get(f"{shared.sandbox.login_url}/{shared.sandbox.tenant_id}/discovery/v2.0/keys").json()["keys"]
    key = pyjwt.PyJWK(keys[0], algorithm="RS256")
    token = answer.json()["access_token"]
    pyjwt.decode(
        token, key, audience=claims["aud"], options={"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    )


def test_tokens_live_sixty_to_ninety_minutes_at_random(shared: Client) -> None:
    lives = {shared.sign_in().json()["expires_in"] for _ in range(20)}
    assert len(lives) > 5
    assert all(3599 <= life <= 5400 for life in lives)


def test_roles_come_only_with_consent_and_only_in_a_new_token(make: Make) -> None:
    client = make(people=20)
    tenant = client.sandbox.tenant
    tenant.consent = False
    assert "roles" not in _claims(client.sign_in())
    answer = client.ask("/users")
    assert answer.status_code == 403
    same_shape(answer.json(), example("error_403_Authorization_RequestDenied_users"))
    tenant.consent = True
    assert client.ask("/users").status_code == 403
    client.renew()
    assert client.ask("/users").status_code == 200


def test_each_endpoint_wants_its_own_permission(make: Make) -> None:
    client = make("no-auditlog", people=20)
    assert client.ask("/users").status_code == 200
    answer = client.ask("/auditLogs/signIns")
    assert answer.status_code == 403
    same_shape(answer.json(), example("error_403_signIns_missing_AuditLog"))
    assert answer.json()["error"]["message"] == example("error_403_signIns_missing_AuditLog")["error"]["message"]
    client.sandbox.tenant.permissions = {"AuditLog.Read.All"}
    client.renew()
    assert client.ask("/auditLogs/signIns").status_code == 200
    assert client.ask("/users").status_code == client.ask("/subscribedSkus").status_code == 403
    client.sandbox.tenant.premium = False
    same_shape(client.ask("/auditLogs/signIns").json(), example("error_403_signIns_no_premium"))


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("error_401_InvalidAuthenticationToken_empty", ""),
        ("error_401_InvalidAuthenticationToken_malformed", "nonsense"),
        ("error_401_InvalidAuthenticationToken_malformed", "a.b.c"),
        ("error_401_InvalidAuthenticationToken_expired", "old"),
    ],
)
def test_bad_tokens_are_refused_as_documented(make: Make, name: str, token: str) -> None:
    client = make(people=20)
    if token == "old":
        token = client.token
        client.sandbox.tenant.move(hours=2)
    answer = client.http.get(
        f"{client.sandbox.graph_url}/v1.0/users", headers={"Authorization": f"Bearer {token}"} if token else {}
    )
    assert answer.status_code == 401
    same_shape(answer.json(), example(name))
    assert answer.json()["error"]["message"] == example(name)["error"]["message"]


def test_a_token_of_another_tenant_or_with_a_changed_claim_is_refused(make: Make) -> None:
    one, other = make(people=20), make(people=20, seed=2)
    url = f"{other.sandbox.graph_url}/v1.0/users"
    assert other.http.get(url, headers={"Authorization": f"Bearer {one.token}"}).status_code == 401
    head, _, signature = one.token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"roles": ["User.Read.All"]}).encode()).decode().rstrip("=")
    url = f"{one.sandbox.graph_url}/v1.0/users"
    assert one.http.get(url, headers={"Authorization": f"Bearer {head}.{forged}.{signature}"}).status_code == 401


def test_basic_authentication_is_accepted(shared: Client) -> None:
    sandbox = shared.sandbox
    form = {"grant_type": "client_credentials", "scope": f"{sandbox.graph_url}/.default"}
    answer = shared.http.post(
        f"{sandbox.login_url}/northwind.example/oauth2/v2.0/token",
        data=form,
        auth=(sandbox.client_id, sandbox.client_secret.replace("~", "%7E")),
    )
    assert answer.status_code == 200
    assert _claims(answer)["aud"] == sandbox.graph_url


CERTIFICATE = make_certificate()
STRANGER = make_certificate()


def _assertion(client: Client, algorithm: str = "PS256", *, padded: bool = False, **changes: Any) -> str:
    key, certificate, _ = CERTIFICATE
    digest = hashes.SHA256() if algorithm == "PS256" else hashes.SHA1()
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(digest)).decode()
    header = {"x5t#S256" if algorithm == "PS256" else "x5t": thumbprint if padded else thumbprint.rstrip("=")}
    now = int(time.time())
    claims = {
        "aud": f"{client.sandbox.login_url}/{client.sandbox.tenant_id}/oauth2/v2.0/token",
        "iss": client.sandbox.client_id,
        "sub": client.sandbox.client_id,
        "jti": "one",
        "nbf": now,
        "exp": now + 300,
    }
    signer = changes.pop("key", key)
    return pyjwt.encode({**claims, **changes}, signer, algorithm, header)


def _present(client: Client, assertion: str) -> Any:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return client.sign_in(client_secret="", client_assertion_type=kind, client_assertion=assertion)


@pytest.mark.parametrize(
    ("algorithm", "padded"), [("PS256", True), ("PS256", False), ("RS256", False), ("RS256", True)]
)
def test_a_certificate_signs_in(make: Make, algorithm: str, padded: bool) -> None:
    client = make(people=20)
    client.sandbox.tenant.register_certificate(public_pem(CERTIFICATE[1]))
    answer = _present(client, _assertion(client, algorithm, padded=padded))
    assert answer.status_code == 200, answer.text
    assert _claims(answer)["appidacr"] == "2"


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (700023, {"aud": "https://elsewhere.example/token"}),
        (700213, {"iss": "https://token.actions.example"}),
        (700021, {"sub": "somebody-else"}),
        (700024, {"exp": int(time.time()) - 4000, "nbf": int(time.time()) - 5000}),
        (700024, {"jti": ""}),
        (700024, {"exp": "tomorrow"}),
    ],
)
def test_an_assertion_is_read_closely(make: Make, number: int, changes: dict[str, Any]) -> None:
    client = make(people=20)
    client.sandbox.tenant.register_certificate(public_pem(CERTIFICATE[1]))
    header = {"x5t#S256": base64.urlsafe_b64encode(CERTIFICATE[1].fingerprint(hashes.SHA256())).decode()}
    claims = pyjwt.decode(_assertion(client), options={"verify_signature": False}) | changes
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode())
    token = pyjwt.api_jws.encode(base64.urlsafe_b64decode(payload), CERTIFICATE[0], "PS256", header)
    answer = _present(client, token)
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])


def test_a_certificate_that_is_unknown_wrong_or_expired_is_700027(make: Make) -> None:
    client = make(people=20)
    unknown = _present(client, _assertion(client))
    same_shape(unknown.json(), example("token_error_401_700027"))
    assert "The key was not found." in unknown.json()["error_description"]
    client.sandbox.tenant.register_certificate(public_pem(CERTIFICATE[1]))
    forged = _present(client, _assertion(client, key=STRANGER[0]))
    assert forged.json()["error_codes"] == [700027]
    key, certificate, _ = make_certificate(days=-1)
    client.sandbox.tenant.register_certificate(public_pem(certificate))
    header = {"x5t#S256": base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()}
    claims = pyjwt.decode(_assertion(client), options={"verify_signature": False})
    expired = _present(client, pyjwt.encode(claims, key, "PS256", header))
    assert expired.json()["error_codes"] == [700027]
    assert _present(client, "not.a.jwt").json()["error_codes"] == [50027]


def test_a_foreign_assertion_is_a_missing_federated_credential(shared: Client) -> None:
    answer = _present(shared, pyjwt.encode({"iss": "https://issuer.example", "sub": "repo:x"}, STRANGER[0], "RS256"))
    assert answer.status_code == 401
    same_shape(answer.json(), example("token_error_401_700213"))
    assert "'repo:x'" in answer.json()["error_description"]
