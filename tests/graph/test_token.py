"""Tokens are asked for at the pinned sign-in server only, and looked at before they are used."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from seatkeeper.errors import (
    BadInput,
    CredentialsRejected,
    SeatkeeperError,
)
from seatkeeper.graph.token import ClientCertificate, ClientSecret, TokenSource
from seatkeeper.model import Secret

from .certificates import certificate, pem, rsa_key
from .conftest import CANARY, QUICK, Door
from .vendor import TENANT, Reply, Vendor, grant, jwt

DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


def test_a_secret_is_changed_for_a_token_with_its_roles(door: Door) -> None:
    token = door.tokens.token()
    assert token.roles == frozenset({"Directory.Read.All"})
    assert token.value.reveal().count(".") == 2
    form = parse_qs(door.login.tokens_asked()[0].body.decode())
    assert form["client_id"] == ["client"]
    assert form["client_secret"] == [CANARY]
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == ["https://graph.microsoft.com/.default"]
    assert [seen.path for seen in door.login.seen] == [DISCOVERY, TOKEN]
    assert door.graph.seen == []


def test_a_certificate_signs_an_assertion_that_its_owner_can_verify(door: Door) -> None:
    key = rsa_key()
    made = certificate(key)
    locked = Secret(pem(key, made, password=b"word"))
    credential = ClientCertificate("client", locked, Secret("word"))
    TokenSource(TENANT, credential, door.login.endpoints(door.graph), door.egress).token()
    form = parse_qs(door.login.tokens_asked()[0].body.decode())
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    header, claims, signature = form["client_assertion"][0].split(".")
    head, said = (json.loads(_from_base64(part)) for part in (header, claims))
    thumbprint = hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).digest()
    assert (head["alg"], _from_base64(head["x5t#S256"])) == ("PS256", thumbprint)
    assert (said["iss"], said["sub"], said["aud"]) == ("client", "client", door.login.url + TOKEN)
    assert 0 < said["exp"] - time.time() <= 600
    key.public_key().verify(
        _from_base64(signature),
        f"{header}.{claims}".encode(),
        padding.PSS(padding.MGF1(hashes.SHA256()), 32),
        hashes.SHA256(),
    )


def _from_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def test_a_token_is_kept_and_a_renewed_one_is_new(door: Door) -> None:
    door.login.login(grant(jwt(tid=TENANT, n=1)), grant(jwt(tid=TENANT, n=2)))
    first = door.tokens.token()
    assert door.tokens.token() is first
    assert len(door.login.tokens_asked()) == 1
    second = door.tokens.renew()
    assert second.value != first.value
    assert door.tokens.token() is second


def test_a_token_is_replaced_before_it_ends(door: Door) -> None:
    door.login.login(grant(expires_in=60))
    token = door.tokens.token()
    assert 55 < token.expires - time.monotonic() <= 60
    assert door.tokens.token() is token
    door.tokens._replace_at = time.monotonic()
    assert door.tokens.token() is not token


def test_threads_that_ask_at_once_share_one_request(door: Door) -> None:
    threads = [threading.Thread(target=door.tokens.token) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(door.login.tokens_asked()) == 1


@pytest.mark.parametrize(
    ("given", "life"),
    [(3599, 3599), ("3600", 3600), (0, 60), (-5, 60), (1e12, 86_400), (5999.5, 5999.5), (None, 60)],
)
def test_a_strange_life_is_held_to_what_can_be(door: Door, given: object, life: float) -> None:
    door.login.login(grant(expires_in=given))
    assert door.tokens.token().expires - time.monotonic() == pytest.approx(life, abs=2)


@pytest.mark.parametrize(
    ("token", "roles"),
    [
        (jwt(tid=TENANT.upper(), aud="https://graph.microsoft.com/"), frozenset()),
        (jwt(aud="00000003-0000-0000-c000-000000000000", roles=["A", "B"]), {"A", "B"}),
        (jwt(roles="not a list"), None),
        ("opaque", None),
        ("a.b.c", None),
        ("a.W10.c", None),
    ],
)
def test_the_roles_are_read_or_not_known(door: Door, token: str, roles: frozenset[str] | None) -> None:
    door.login.login(grant(token))
    assert door.tokens.token().roles == roles


def test_microsofts_documented_token_is_understood(door: Door) -> None:
    door.login.login(
        grant(
            jwt(
                aud="https://graph.microsoft.com",
                tid=TENANT,
                roles=["AuditLog.Read.All", "Directory.Read.All"],
                xms_tcdt=1600000000,
                wids=["0997a1d0-0d1d-4acb-b408-d5ca73121e90"],
            ),
            ext_expires_in=3599,
        )
    )
    assert door.tokens.token().roles == frozenset({"AuditLog.Read.All", "Directory.Read.All"})


def test_claims_are_asked_for(door: Door) -> None:
    door.tokens.renew('{"access_token":{"nbf":{"essential":true}}}')
    form = parse_qs(door.login.tokens_asked()[0].body.decode())
    assert json.loads(form["claims"][0]) == {"access_token": {"nbf": {"essential": True}}}


@pytest.mark.parametrize("tenant", ["common", "Organizations", "consumers", "", "a/b", "a b", "../x", "a?b", "a\n"])
def test_a_tenant_id_that_is_not_one_tenants_is_refused(door: Door, tenant: str) -> None:
    with pytest.raises(BadInput, match="Tenant ID"):
        TokenSource(tenant, ClientSecret("c", Secret("s")), door.login.endpoints(), door.egress)


def test_another_name_of_the_same_sign_in_server_may_be_named(door: Door, make_egress: Callable[..., object]) -> None:
    from seatkeeper.graph.egress import Egress

    endpoints = msgspec.structs.replace(door.login.endpoints(door.graph), aliases=(door.twin.url,))
    door.login.login(endpoint=f"{door.twin.url}{TOKEN}")
    door.twin.login()
    egress = Egress(endpoints)
    tokens = TokenSource(TENANT, ClientSecret("client", Secret("s")), endpoints, egress, retry=QUICK)
    assert tokens.token().roles is not None
    egress.close()


def test_a_region_in_the_environment_does_not_choose_the_server(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSAL_FORCE_REGION", "westeurope")
    monkeypatch.setenv("REGION_NAME", "westeurope")
    assert door.tokens.token().roles is not None


def test_every_error_here_is_one_of_ours(door: Door, vendors: list[Vendor]) -> None:
    door.login.on(DISCOVERY, Reply(500))
    with pytest.raises(SeatkeeperError):
        door.tokens.token()
    assert len(door.login.asked(DISCOVERY)) == QUICK.attempts


DOMAIN = "contoso.example"


def by_domain(door: Door, *tokens: Reply, issuer: str = "", known: str = "") -> TokenSource:
    """Asked for by one of the tenant's names."""
    base = f"{door.login.url}/{DOMAIN}"
    told = {f"{kind}_endpoint": f"{base}/oauth2/v2.0/{kind}" for kind in ("token", "authorization")}
    body = json.dumps(told | {"issuer": issuer}).encode()
    door.login.on(f"/{DOMAIN}/v2.0/.well-known/openid-configuration", Reply(body=body))
    door.login.on(f"/{DOMAIN}/oauth2/v2.0/token", *tokens)
    credential, endpoints = ClientSecret("client", Secret(CANARY)), door.login.endpoints(door.graph)
    return TokenSource(DOMAIN, credential, endpoints, door.egress, directory_id=known, retry=QUICK)


def test_the_first_token_tells_which_tenant_a_domain_is(door: Door) -> None:
    assert by_domain(door, grant(jwt(tid=TENANT.upper()))).directory_id() == TENANT


def test_where_the_token_does_not_tell_the_issuer_does(door: Door) -> None:
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert by_domain(door, grant("opaque"), issuer=issuer).directory_id() == TENANT
    assert by_domain(door, grant("opaque"), issuer=f"https://localhost/{DOMAIN}/v2.0").directory_id() == ""


def test_a_domain_that_means_another_tenant_than_before_gets_no_token_used(door: Door) -> None:
    other = "0d0f2a52-9c3c-4d55-8d0c-1a2b3c4d5e6f"
    with pytest.raises(CredentialsRejected, match=f"another tenant.*{other}.*{TENANT}"):
        by_domain(door, grant(jwt(tid=TENANT)), known=other).token()
    moved = by_domain(door, grant(jwt(tid=TENANT)), grant(jwt(tid=other)))
    moved.token()
    with pytest.raises(CredentialsRejected, match=f"another tenant.*{TENANT}.*{other}"):
        moved.renew()
