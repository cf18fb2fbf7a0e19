"""Single sign-on in kind: a real OpenID Connect provider over HTTPS, honest at first, then lying in every way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, override_settings

from seatkeeper.model import Secret
from seatkeeper.services import memberships
from seatkeeper.services.members import Role, Who, who_is
from seatkeeper.settings.address import SingleSignOn
from seatkeeper.settings.sign_in import providers

from .conftest import PASSWORD, NewMember
from .provider import CLIENT_ID, CLIENT_SECRET, Provider, serve
from .test_sign_in import is_in

OUT = "/accounts/oidc/single-sign-on/login/"
BOB = {"sub": "bob", "email": "bob@example.com", "email_verified": True}


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, organization: object) -> Iterator[Provider]:
    cache.clear()
    with serve(tmp_path) as provider:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", provider.ca_file)
        provider.claims = dict(BOB)
        chosen = SingleSignOn(provider.issuer, CLIENT_ID, Secret(CLIENT_SECRET), "Example ID")
        with override_settings(SOCIALACCOUNT_PROVIDERS=providers(chosen)):
            yield provider


@pytest.fixture
def admin(provider: Provider, new_member: NewMember) -> Who:
    return who_is(new_member(Role.ADMINISTER, password=PASSWORD).pk)


@pytest.fixture
def bob(admin: Who) -> User:
    """Invited by the address, and not here yet."""
    memberships.invite(admin, "bob@example.com", Role.VIEWER)
    return User.objects.get(email="bob@example.com")


def come_in(
    provider: Provider, client: Client | None = None, brought: dict[str, str] | None = None
) -> tuple[Client, Any]:
    """Through the provider and back; the browser brings what it got, or what else is `brought`."""
    client = client or Client()
    out = client.post(OUT)
    assert out.status_code == 302, out.content
    return client, client.get(f"{OUT}callback/", provider.authorize(out.headers["Location"]) | (brought or {}))


def test_an_invited_person_comes_in_by_the_address_the_provider_vouches_for(provider: Provider, bob: User) -> None:
    assert b"Example ID" in Client().get("/accounts/login/").content
    client, answer = come_in(provider)
    assert answer.headers["Location"] == "/applications"
    assert is_in(client)
    assert client.get("/profile").wsgi_request.user == bob
    (asked,) = provider.asked
    assert asked["code_verifier"]
    bound = SocialAccount.objects.get()
    assert (bound.user, bound.provider) == (bob, "single-sign-on")


def test_afterwards_issuer_and_sub_decide_and_not_the_address(provider: Provider, bob: User) -> None:
    come_in(provider)
    provider.claims = {"sub": "bob", "email": "new.name@example.com", "email_verified": False}
    assert is_in(come_in(provider)[0])
    provider.claims = BOB | {"sub": "somebody else with his old address"}
    client, answer = come_in(provider)
    assert b"not invited" in answer.content
    assert not is_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": "unlicensed_user@example.com"},
        {"email": None},
        {"email": ["bob@example.com"]},
    ],
)
def test_an_unknown_or_unverified_person_is_refused(provider: Provider, bob: User, claims: dict[str, Any]) -> None:
    provider.claims |= claims
    client, answer = come_in(provider)
    assert answer.status_code == 200
    assert b"not invited" in answer.content
    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 2, "and nobody new is made"


def test_entras_own_word_for_a_verified_address_counts(provider: Provider, bob: User) -> None:
    provider.claims |= {"email_verified": None, "xms_edov": True}
    assert is_in(come_in(provider)[0])


def test_nobody_takes_over_a_member_with_a_password(provider: Provider, admin: Who) -> None:
    provider.claims |= {"email": admin.name}
    client, answer = come_in(provider)
    assert b"not invited" in answer.content
    assert not is_in(client)


def test_a_member_with_a_password_connects_the_provider_from_the_inside(provider: Provider, admin: Who) -> None:
    client = Client()
    client.force_login(User.objects.get(email=admin.name))
    out = client.post(OUT, {"process": "connect"})
    assert out.headers["Location"].startswith("/accounts/reauthenticate/"), "after the password is given again"
    out = client.post(out.headers["Location"], {"password": PASSWORD})
    client.get(f"{OUT}callback/", provider.authorize(out.headers["Location"]))
    assert SocialAccount.objects.get().user_id == admin.member_id
    other, _ = come_in(provider)
    assert is_in(other)


def test_a_deactivated_member_does_not_come_in_this_way(provider: Provider, bob: User) -> None:
    come_in(provider)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    client, answer = come_in(provider)
    assert answer.headers["Location"] == "/accounts/inactive/"
    assert not is_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another sign-in's"},
        {"nonce": None},
        {"nonce": 7},
        {"aud": "another application"},
        {"aud": ["another application", CLIENT_ID], "azp": "another application"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_us_or_not_for_now_is_refused(
    provider: Provider, bob: User, claims: dict[str, Any]
) -> None:
    provider.claims = {**BOB, **claims}
    client, answer = come_in(provider)
    assert answer.status_code == 401
    assert b"Single sign-on failed" in answer.content
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def forgeries(provider: Provider) -> dict[str, Any]:
    other = rsa.generate_private_key(65537, 2048)
    public = provider.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def shared(claims: dict[str, Any]) -> str:
        """Signed with the public key as if it were a shared secret."""
        import base64
        import hashlib
        import hmac

        def packed(part: bytes) -> str:
            return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

        text = f"{packed(json.dumps({'alg': 'HS256', 'kid': 'key1'}).encode())}.{packed(json.dumps(claims).encode())}"
        return f"{text}.{packed(hmac.digest(public, text.encode(), hashlib.sha256))}"

    return {
        "not signed": lambda claims: jwt.encode(claims, "", "none", {"kid": "key1"}),
        "signed by somebody else": lambda claims: jwt.encode(claims, other, "RS256", {"kid": "key1"}),
        "a key that is not published": lambda claims: jwt.encode(claims, other, "RS256", {"kid": "key2"}),
        "the client's secret as the key": lambda claims: jwt.encode(
            claims, CLIENT_SECRET.ljust(32), "HS256", {"kid": "key1"}
        ),
        "the public key as the secret": shared,
        "changed after it was signed": lambda claims: provider.signed(claims)[:-8] + "AAAAAAAA",
        "no token at all": lambda claims: "not a token",
    }


@pytest.mark.parametrize("way", [
    "not signed", "signed by somebody else", "a key that is not published", "the client's secret as the key",
    "the public key as the secret", "changed after it was signed", "no token at all",
])  # fmt: skip
def test_a_forged_token_is_refused(provider: Provider, bob: User, way: str) -> None:
    provider.sign = forgeries(provider)[way]
    client, answer = come_in(provider)
    assert answer.status_code == 401
    assert not is_in(client)


def test_a_state_that_is_not_this_browsers_is_refused(provider: Provider, bob: User) -> None:
    for name, value in (("state", "guess"), ("state", ""), ("code", "guess")):
        client, answer = come_in(provider, brought={name: value})
        assert answer.status_code == 401, (name, value)
        assert not is_in(client)
    stolen = provider.authorize(Client().post(OUT).headers["Location"])
    victim = Client()
    assert victim.get(f"{OUT}callback/", stolen).status_code == 401
    assert not is_in(victim)


def test_an_answer_is_good_once(provider: Provider, bob: User) -> None:
    client = Client()
    brought = provider.authorize(client.post(OUT).headers["Location"])
    assert client.get(f"{OUT}callback/", brought).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(f"{OUT}callback/", brought).status_code == 401


def test_without_an_id_token_nobody_is_believed(provider: Provider, bob: User) -> None:
    provider.id_token = False
    client, answer = come_in(provider)
    assert answer.status_code == 401
    assert not is_in(client)


@pytest.mark.parametrize(
    "config",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://localhost/token"}, {"jwks_uri": None}],
)
def test_a_provider_that_is_not_the_one_we_chose_is_not_asked(
    provider: Provider, bob: User, config: dict[str, Any]
) -> None:
    provider.config = config
    answer = Client().post(OUT)
    assert answer.status_code == 401
    assert not provider.asked


def test_a_provider_that_is_not_there_says_the_way_out(bob: User) -> None:
    gone = SingleSignOn("https://localhost:9", CLIENT_ID, Secret(CLIENT_SECRET), "Example ID")
    with override_settings(SOCIALACCOUNT_PROVIDERS=providers(gone)):
        answer = Client().post(OUT)
    assert answer.status_code == 503
    assert b"sign in with your password" in answer.content
    assert CLIENT_SECRET.encode() not in answer.content


def test_the_caller_adds_nothing_to_what_the_provider_is_asked(provider: Provider, bob: User) -> None:
    answer = Client().post(f"{OUT}?scope=admin&auth_params=prompt%3Dnone%26redirect_uri%3Dhttps%3A%2F%2Fevil.example")
    to = answer.headers["Location"]
    assert "evil" not in to
    assert "admin" not in to
    assert "code_challenge_method=S256" in to
    query = parse_qs(urlsplit(to).query)
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert query["redirect_uri"] == [f"http://localhost:8000{OUT}callback/"]


def test_a_person_comes_back_to_the_page_that_was_asked_for_and_to_no_other_host(provider: Provider, bob: User) -> None:
    for wanted, there in (("/profile", "/profile"), ("https://evil.example/", "/applications")):
        client = Client()
        out = client.post(f"{OUT}?next={wanted}")
        answer = client.get(f"{OUT}callback/", provider.authorize(out.headers["Location"]))
        assert answer.headers["Location"] == there


def test_without_a_provider_there_is_no_such_address(admin: Who) -> None:
    with override_settings(SOCIALACCOUNT_PROVIDERS=providers(None)):
        assert Client().post(OUT).status_code == 404
        assert Client().get(f"{OUT}callback/?code=x&state=y").status_code == 404
        assert b"single-sign-on" not in Client().get("/accounts/login/").content


def test_the_secret_is_on_no_page(provider: Provider, admin: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    from seatkeeper.settings import SEATKEEPER

    chosen = SingleSignOn(provider.issuer, CLIENT_ID, Secret(CLIENT_SECRET), "Example ID")
    monkeypatch.setattr("seatkeeper.web.accounts.members.SEATKEEPER", SEATKEEPER._replace(single_sign_on=chosen))
    client = Client()
    client.force_login(User.objects.get(email=admin.name))
    page = client.get("/single-sign-on").content
    assert provider.issuer.encode() in page
    assert b"http://localhost:8000/accounts/oidc/single-sign-on/login/callback/" in page
    assert CLIENT_SECRET.encode() not in page
