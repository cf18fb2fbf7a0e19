"""The door: who gets in by a password, who does not, what a session is worth, and where a link may lead."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from seatkeeper.services.members import Role
from seatkeeper.web.accounts import passwords, sessions, urls

from .conftest import PASSWORD, NewMember, SignedIn

LOGIN = "/accounts/login/"


pytestmark = pytest.mark.usefixtures("organization", "no_counts")


@pytest.fixture
def member(new_member: NewMember) -> User:
    return new_member(Role.VIEWER, password=PASSWORD)


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


def is_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


def test_the_right_password_opens_and_signing_out_closes(member: User) -> None:
    client = Client()
    assert client.get("/profile").headers["Location"] == f"{LOGIN}?next=/profile"
    answer = sign_in(client, member.email.upper())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/applications")
    assert is_in(client)
    out = client.post("/accounts/logout/")
    assert out.headers["Clear-Site-Data"] == '"cache", "cookies"'
    assert not is_in(client)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(member: User) -> None:
    def refused(email: str, password: str) -> bytes:
        answer = sign_in(Client(), email, password)
        assert answer.status_code == 200
        lines = answer.content.replace(email.encode(), b"").splitlines()
        return b"\n".join(line for line in lines if b"csrfmiddlewaretoken" not in line)

    wrong, unknown = refused(member.email, "not the password"), refused("nobody@example.com", "not the password")
    assert wrong == unknown
    assert b"not correct" in wrong


def test_an_unknown_address_costs_a_hash_too(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def encode(self: object, password: str, salt: str) -> str:
        hashed.append(password)
        return "x"

    monkeypatch.setattr(passwords.BoundedArgon2, "encode", encode)
    sign_in(Client(), "nobody@example.com", "a guess")
    assert hashed == ["a guess"], "else the time it takes says who is a member"


def test_a_deactivated_member_does_not_get_in_and_an_open_session_ends(member: User) -> None:
    client = Client()
    sign_in(client, member.email)
    assert is_in(client)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert not is_in(client)
    assert sign_in(Client(), member.email).headers["Location"] == "/accounts/inactive/"


def test_somebody_in_no_organization_is_told_so(client: Client) -> None:
    client.force_login(User.objects.create_user("lost@example.com", "lost@example.com"))
    answer = client.get("/profile")
    assert answer.status_code == 403
    assert b"Ask an administrator" in answer.content


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example", "http://localhost:81/",
     "javascript:alert(1)", "http://testserver/x"],
)  # fmt: skip
def test_a_link_leads_nowhere_else_after_signing_in(member: User, target: str) -> None:
    assert sign_in(Client(), member.email, next=target).headers["Location"] == "/applications"
    client = Client()
    client.force_login(member)
    assert client.get(LOGIN, {"next": target}).headers["Location"] == "/applications"
    assert client.post("/accounts/logout/", {"next": target}).headers["Location"] == LOGIN


def test_a_link_with_a_character_that_no_address_has_leads_nowhere(member: User) -> None:
    assert sign_in(Client(), member.email, next="\x00//evil.example").headers["Location"] == "/applications"
    answer = Client().get(LOGIN, {"next": "\x00//evil.example"})
    assert (answer.status_code, "Location" in answer.headers) == (422, False)


def test_a_link_leads_to_the_page_that_was_asked_for(member: User) -> None:
    assert sign_in(Client(), member.email, next="/audit?q=x").headers["Location"] == "/audit?q=x"


def test_signing_in_gives_the_session_a_new_id_and_its_cookie_is_closed(member: User) -> None:
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(client, member.email)
    cookie = client.cookies["seatkeeper_session"]
    assert cookie.value != before
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert client.cookies["seatkeeper_csrf"]["httponly"]


def test_a_session_ends_when_nobody_uses_it_and_after_a_week_in_any_case(
    member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    clock = {"now": now}
    monkeypatch.setattr("seatkeeper.web.accounts.sessions.time.time", lambda: clock["now"])

    def stays(*moments: int) -> bool:
        client = Client()
        clock["now"] = now
        client.force_login(member)
        assert is_in(client)
        for moment in moments:
            clock["now"] = now + moment
            last = is_in(client)
        return last

    hour = 3600
    assert stays(11 * hour)
    assert not stays(13 * hour)
    assert stays(11 * hour, 22 * hour)
    assert stays(*range(0, 7 * 24 * hour, 11 * hour))
    assert not stays(*range(0, 7 * 24 * hour + 12 * hour, 11 * hour))


def test_sessions_are_listed_and_the_others_can_be_ended(member: User) -> None:
    here, there = Client(headers={"User-Agent": "Here"}), Client(headers={"User-Agent": "<script>There"})
    for client in (here, there):
        sign_in(client, member.email)
    shown = here.get("/accounts/sessions/").content
    assert b"Here" in shown
    assert b"&lt;script&gt;There" in shown
    here.post("/accounts/sessions/")
    assert is_in(here)
    assert not is_in(there)
    assert UserSession.objects.count() == 1


def test_changing_the_password_ends_the_other_sessions_and_renews_this_one(member: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, member.email)
    before = here.session.session_key
    new = "another horse, another staple"
    answer = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302, answer.content
    assert is_in(here)
    assert here.session.session_key != before
    assert not is_in(there)
    assert sign_in(Client(), member.email).status_code == 200
    assert sign_in(Client(), member.email, new).status_code == 302


def test_nobody_signs_up(client: Client, signed_in: SignedIn) -> None:
    signed_in()
    for path in ("signup/", "email/", "password/reset/", "confirm-email/", "login/code/", "3rdparty/signup/"):
        assert client.get(f"/accounts/{path}").status_code == 404, path
        assert client.post(f"/accounts/{path}").status_code == 404, path


def test_a_form_without_its_secret_is_refused(member: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client, member.email)
    assert answer.status_code == 403
    assert b"open for too long" in answer.content


def test_at_most_four_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = [0], [0], threading.Lock()

    def slow(self: object, password: str, salt: str) -> str:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return "x"

    monkeypatch.setattr(Argon2PasswordHasher, "encode", slow)
    threads = [threading.Thread(target=passwords.BoundedArgon2().encode, args=("p", "s")) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [passwords.AT_ONCE]


def test_a_stranger_leaves_no_session_behind_but_for_a_sign_in_under_way(member: User) -> None:
    forms = {"note": "x" * 100_000}
    for pattern in urls.urlpatterns:
        path = "/accounts/" + str(pattern.pattern).replace("<provider_id>", "x").replace("<int:pk>", "1")
        Client().get(path)
        Client().post(path, forms)
    assert not Session.objects.exists()
    challenge = {"X-Requested-With": "XMLHttpRequest"}
    answers = [Client().get("/accounts/2fa/webauthn/login/", headers=challenge).status_code for _ in range(102)]
    assert answers == [200] * 100 + [429] * 2
    assert Session.objects.count() == 100
    soon = timezone.now() + timedelta(seconds=sessions.A_SIGN_IN)
    assert not Session.objects.filter(expire_date__gt=soon).exists()


def test_a_session_that_began_before_the_sign_in_lasts_after_it(member: User) -> None:
    client = Client()
    client.get("/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    sign_in(client, member.email)
    assert is_in(client)
    assert client.session.get_expiry_age() > sessions.IDLE
