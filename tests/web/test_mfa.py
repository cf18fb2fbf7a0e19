"""Second factors: codes of an app, recovery codes and passkeys; limited, sealed, and each change renews the session."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from seatkeeper.store.models import Attempt, AuditEvent

from .conftest import PASSWORD, NewMember
from .test_sign_in import is_in, sign_in

pytestmark = pytest.mark.usefixtures("organization", "no_counts")


@pytest.fixture
def member(new_member: NewMember) -> User:
    return new_member(password=PASSWORD)


def code(secret: str, step: int = 0) -> str:
    value: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))
    return value


def activate(client: Client) -> str:
    """Turn the second factor on, as a person with an app would; its secret."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    assert b'src="data:image/svg+xml' in page.content
    secret: str = client.session["mfa.totp.secret"]
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert answer.status_code == 302, answer.content
    cache.clear()  # a code holds once; the tests sign in within the same half minute
    return secret


@pytest.fixture
def client(member: User) -> Client:
    client = Client()
    sign_in(client, member.email)
    return client


def test_with_a_second_factor_a_password_is_not_enough(member: User, client: Client) -> None:
    secret = activate(client)
    other = Client()
    assert sign_in(other, member.email).headers["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(other)
    assert b"Incorrect code" in other.post("/accounts/2fa/authenticate/", {"code": "000000"}).content
    assert not is_in(other)
    assert other.post("/accounts/2fa/authenticate/", {"code": code(secret)}).status_code == 302
    assert is_in(other)


def test_guessing_codes_ends_after_five_tries_even_with_the_right_one(member: User, client: Client) -> None:
    secret = activate(client)
    other = Client()
    sign_in(other, member.email)
    for _ in range(5):
        assert other.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    cache.clear()  # another process, or this one started anew: the count is the database's
    answer = other.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert (answer.status_code, 0 < int(answer["Retry-After"]) <= 5) == (429, True)
    assert not is_in(other)
    Attempt.objects.update(until=0)
    assert other.post("/accounts/2fa/authenticate/", {"code": code(secret)}).status_code == 302
    assert is_in(other)


def test_codes_that_are_right_are_no_guesses(member: User, client: Client) -> None:
    activate(client)
    codes = client.get("/accounts/2fa/recovery-codes/download/").content.decode().split()
    for each in codes[:7]:
        other = Client(REMOTE_ADDR=f"203.0.113.{len(each)}")
        sign_in(other, member.email)
        assert other.post("/accounts/2fa/authenticate/", {"code": each}).status_code == 302


def test_a_recovery_code_opens_once(member: User, client: Client) -> None:
    activate(client)
    shown = client.get("/accounts/2fa/recovery-codes/download/").content.decode().split()
    assert len(shown) == 10
    for outcome in (True, False):
        other = Client()
        sign_in(other, member.email)
        other.post("/accounts/2fa/authenticate/", {"code": shown[0]})
        assert is_in(other) is outcome


def test_the_database_does_not_hold_the_secret_in_the_clear(client: Client) -> None:
    secret = activate(client)
    stored = [str(each.data) for each in Authenticator.objects.all()]
    assert len(stored) == 2
    assert not any(secret in text for text in stored)


def test_turning_it_on_or_off_renews_the_session_and_is_in_the_audit_trail(client: Client) -> None:
    before = client.session.session_key
    activate(client)
    during = client.session.session_key
    assert before != during
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert client.session.session_key != during
    assert is_in(client)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"member.second_factor_added", "member.second_factor_removed"} <= actions
    assert client.get("/accounts/sessions/").content.count(b"127.0.0.1") == 1, "and is still listed, once"


def test_what_proves_who_one_is_changes_only_after_the_password_is_given_again(client: Client) -> None:
    for path in ("totp/activate/", "recovery-codes/generate/", "webauthn/add/"):
        answer = client.get(f"/accounts/2fa/{path}")
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/"), path
    assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200
    assert client.get("/accounts/2fa/totp/activate/").status_code == 302
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 301
    session.save()
    assert client.get("/accounts/2fa/totp/activate/").status_code == 302, "after five minutes it is asked for again"


def test_the_challenge_of_a_passkey_is_asked_for_by_anybody_but_not_endlessly(member: User) -> None:
    caller = Client(REMOTE_ADDR="203.0.113.20")
    asked = [caller.post("/accounts/2fa/webauthn/login/", {"credential": "{}"}).status_code for _ in range(11)]
    assert 500 not in asked
    assert asked[-1] == 429
