"""The first start: one administrator, by whoever holds the console, and never again."""

from __future__ import annotations

import threading

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client, override_settings

from seatkeeper import settings as shipped
from seatkeeper.errors import NotFound
from seatkeeper.services import setup
from seatkeeper.services.members import Role
from seatkeeper.store.models import AuditEvent, Membership

from .conftest import PASSWORD, SignedIn

FORM = {"email": "Ada@Example.com", "password": PASSWORD}
FAR = "203.0.113.9"


pytestmark = pytest.mark.usefixtures("no_counts")


@pytest.mark.parametrize("path", ["/", "/applications", "/accounts/login/", "/members", "/nothing/at/all"])
def test_every_page_leads_to_the_set_up_while_there_is_no_member(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/setup")


def test_what_machines_and_the_page_itself_need_stays_open() -> None:
    answer = Client().get("/static/seatkeeper/app.css")
    answer.close()
    assert answer.status_code == 200


@override_settings(PASSWORD_HASHERS=shipped.PASSWORD_HASHERS)
def test_the_first_member_is_made_with_the_token_and_signed_in(database: object) -> None:
    client = Client()
    answer = client.post("/setup", FORM | {"token": setup.make_token()})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/applications")
    membership = Membership.objects.select_related("member").get()
    assert (membership.role, membership.member.email) == (Role.ADMINISTER, "ada@example.com")
    assert membership.member.password.startswith("argon2$argon2id$v=19$m=65536,t=3,p=1$")
    assert client.get("/profile").status_code == 200, "the first member is signed in at once"
    assert UserSession.objects.count() == 1
    assert [e.action for e in AuditEvent.objects.order_by("pk")] == ["member.set_up", "member.signed_in"]


def test_after_the_first_member_there_is_nothing_at_the_address(signed_in: SignedIn) -> None:
    client = signed_in()
    for one in (client, Client()):
        assert one.get("/setup").status_code == 404
        assert one.post("/setup", FORM).status_code == 404
    assert Membership.objects.count() == 1
    with pytest.raises(NotFound):
        setup.set_up("eve@example.com", PASSWORD)


@pytest.mark.parametrize("caller", ["127.0.0.1", "::1", FAR])
def test_the_token_of_the_console_is_needed_also_at_the_machine_itself(caller: str) -> None:
    client = Client(REMOTE_ADDR=caller)
    assert b"Set-up token" in client.get("/setup").content
    for wrong in ("", "guess", setup.make_token()[:-1] + "?"):
        answer = client.post("/setup", {**FORM, "token": wrong})
        assert answer.status_code == 422
        assert b"Restart the server" in answer.content
        assert b"ada@example.com" in answer.content.lower(), "the form is kept"
    assert not Membership.objects.exists()
    assert client.post("/setup", {**FORM, "token": setup.make_token()}).status_code == 302
    assert Membership.objects.count() == 1


def test_a_token_ends_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    token, now = setup.make_token(), time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + setup.HOLDS + 5)
    assert Client(REMOTE_ADDR=FAR).post("/setup", {**FORM, "token": token}).status_code == 422


def test_guessing_the_token_ends_after_ten_tries() -> None:
    client = Client(REMOTE_ADDR=FAR)
    answers = [client.post("/setup", {**FORM, "token": f"guess {n}"}).status_code for n in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert Client(REMOTE_ADDR="203.0.113.10").post("/setup", {**FORM, "token": "x"}).status_code == 422, "others may"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "nobody"}, b"not an e-mail address"),
        ({"email": ""}, b"required"),
        ({"password": "short"}, b"too short"),
        ({"password": "1q2w3e4r5t6y"}, b"too common"),
        ({"email": "adalovelace@example.com", "password": "adalovelace@example"}, b"too similar"),
    ],
)
def test_a_bad_form_says_so_at_the_field_and_makes_nobody(change: dict[str, str], said: bytes) -> None:
    answer = Client().post("/setup", FORM | {"token": setup.make_token()} | change)
    assert answer.status_code == 422
    assert said in answer.content
    assert FORM["password"].encode() not in answer.content, "a password is never written back"
    assert not Membership.objects.exists()


def test_of_two_set_ups_at_once_one_wins(database: object, django_db_blocker: object) -> None:
    outcomes: list[str] = []

    def try_it(name: str) -> None:
        try:
            setup.set_up(f"{name}@example.com", PASSWORD)
            outcomes.append("made")
        except NotFound:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(f"admin{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]
    assert Membership.objects.count() == 1
