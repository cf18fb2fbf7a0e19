"""Members come by invitation, change their role, go and come back; an administrator always stays."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client

from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import memberships, tokens
from seatkeeper.services.members import ROLES, May, Role, Who, operator, who_is
from seatkeeper.store.models import AuditEvent, Membership, Organization, SavedView

from .conftest import PASSWORD, NewMember, SignedIn
from .test_sign_in import is_in, sign_in

DOCS = (Path(__file__).parent.parent.parent / "docs" / "members.md").read_text()


@pytest.fixture
def admin(new_member: NewMember) -> Who:
    return who_is(new_member(Role.ADMINISTER, password=PASSWORD).pk)


@pytest.fixture
def client(admin: Who) -> Client:
    cache.clear()
    client = Client()
    client.force_login(User.objects.get(email=admin.name))
    return client


def path_in(content: bytes) -> str:
    found = re.search(rb'value="http://localhost:8000(/invitations/[^"]+)"', content)
    assert found, content
    return found[1].decode()


def test_an_invited_member_chooses_a_password_by_a_link_that_works_once(client: Client) -> None:
    page = client.post("/members/invite", {"email": " Bob@Example.com ", "role": Role.LICENSES})
    path = path_in(page.content)
    guest = Client()
    assert b"bob@example.com" in guest.get(path).content
    assert guest.post(path, {"password": "short"}).status_code == 422
    assert guest.post(path, {"password": PASSWORD}).headers["Location"] == "/accounts/login/"
    assert guest.get(path).status_code == 404
    assert guest.post(path, {"password": "another password 1"}).status_code == 404
    assert sign_in(guest, "bob@example.com").status_code == 302
    assert is_in(guest)
    assert guest.get("/members").status_code == 403
    assert f"“{Role.ADMINISTER}”" in guest.get("/members").content.decode()


def test_a_link_ends_after_three_days_and_for_somebody_deactivated(
    client: Client, admin: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = memberships.invite(admin, "bob@example.com", Role.VIEWER)
    memberships.deactivate(admin, link.membership_id)
    assert client.get(link.path).status_code == 404
    memberships.reactivate(admin, link.membership_id)
    assert client.get(link.path).status_code == 404, "it ended with everything else"
    link = memberships.new_link(admin, link.membership_id)
    assert client.get(link.path).status_code == 200
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._num_seconds", lambda *_: 2**40)
    assert client.get(link.path).status_code == 404


def test_guessing_links_ends(client: Client) -> None:
    caller = Client(REMOTE_ADDR="203.0.113.30")
    answers = [caller.get(f"/invitations/MQ/{n}-x").status_code for n in range(12)]
    assert answers == [404] * 10 + [429] * 2
    for key in ("!!!!", "____", "4pyT", "A" * 500):
        assert client.get(f"/invitations/{key}/x").status_code == 404


def test_a_bad_invitation_says_so_at_the_field(client: Client, admin: Who) -> None:
    for form, said in (
        ({"email": "nobody", "role": Role.VIEWER}, b"not an e-mail address"),
        ({"email": admin.name, "role": Role.VIEWER}, b"member already"),
        ({"email": "bob@example.com", "role": "King"}, b"valid choice"),
        ({"email": "bob\x00@example.com", "role": Role.VIEWER}, b"Null characters"),
        ({"email": "b" * 200 + "@example.com", "role": Role.VIEWER}, b"at most 150"),
    ):
        answer = client.post("/members/invite", form)
        assert (answer.status_code, said in answer.content) == (422, True), answer.content
    assert Membership.objects.count() == 1
    with pytest.raises(BadInput):
        memberships.invite(admin, "bob@example.com", "King")


def test_a_changed_role_counts_at_once_and_the_member_signs_in_again(
    client: Client, admin: Who, new_member: NewMember
) -> None:
    bob = new_member(Role.ADMINISTER, password=PASSWORD)
    browser = Client()
    sign_in(browser, bob.email)
    assert browser.get("/members").status_code == 200
    answer = client.post(f"/members/{Membership.objects.get(member=bob).pk}/role", {"role": Role.VIEWER})
    assert answer.status_code == 302
    assert not is_in(browser)
    sign_in(browser, bob.email)
    assert browser.get("/members").status_code == 403
    event = AuditEvent.objects.filter(action="member.role_changed").get()
    assert (event.who, event.subject) == (admin.name, bob.email)
    assert event.detail == f"{Role.ADMINISTER} → {Role.VIEWER}"


def test_the_last_administrator_cannot_go(client: Client, admin: Who, new_member: NewMember) -> None:
    memberships.invite(admin, "invited@example.com", Role.ADMINISTER)  # cannot sign in yet
    idle = new_member(Role.ADMINISTER, password=PASSWORD)
    User.objects.filter(pk=idle.pk).update(is_active=False)
    own = Membership.objects.get(member_id=admin.member_id).pk
    for word in ("role", "deactivate", "link", "remove"):
        answer = client.post(f"/members/{own}/{word}", {"role": Role.VIEWER})
        assert answer.status_code == 403, word
        assert b"must stay" in answer.content
    assert is_in(client)
    assert (
        not AuditEvent.objects.exclude(action__in=["member.invited"])
        .filter(subject=admin.name)
        .exclude(action="member.signed_in")
    )


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(
    database: object, admin: Who, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = who_is(new_member(Role.ADMINISTER, password=PASSWORD).pk)
    pks = {who: Membership.objects.get(member_id=who.member_id).pk for who in (admin, other)}
    both_deleted, delete = threading.Barrier(2, timeout=0.5), User.delete
    outcomes: list[str] = []

    def delete_and_wait(self: User) -> None:
        """Neither looks whether somebody stays before the other has deleted, if they are let in together."""
        delete(self)
        with suppress(threading.BrokenBarrierError):
            both_deleted.wait()

    def remove(who: Who, whom: int) -> None:
        try:
            memberships.remove(who, whom)
            outcomes.append("removed")
        except (NotAllowed, NotFound):
            outcomes.append("refused")
        finally:
            connection.close()

    monkeypatch.setattr(User, "delete", delete_and_wait)
    threads = [threading.Thread(target=remove, args=pair) for pair in ((admin, pks[other]), (other, pks[admin]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "removed"]
    assert Membership.objects.count() == 1


def test_a_deactivated_member_is_out_everywhere_until_reactivated(client: Client, new_member: NewMember) -> None:
    bob = new_member(Role.VIEWER, password=PASSWORD)
    token = tokens.make(who_is(bob.pk), "script", Role.VIEWER).text.reveal()
    browser = Client()
    sign_in(browser, bob.email)
    pk = Membership.objects.get(member=bob).pk
    client.post(f"/members/{pk}/deactivate")
    assert not is_in(browser)
    assert tokens.who_has(token) is None
    client.post(f"/members/{pk}/reactivate")
    assert tokens.who_has(token) is None
    assert sign_in(browser, bob.email).status_code == 200, "the old password is no way back"
    path = path_in(client.post(f"/members/{pk}/link").content)
    browser.post(path, {"password": "a third password, for now"})
    assert sign_in(browser, bob.email, "a third password, for now").headers["Location"] == "/applications"


def test_a_new_link_ends_password_second_factor_and_sessions(client: Client, new_member: NewMember) -> None:
    from allauth.mfa.models import Authenticator

    bob = new_member(Role.VIEWER, password=PASSWORD)
    Authenticator.objects.create(user=bob, type="totp", data={"secret": "x"})
    browser = Client()
    browser.force_login(bob)
    path = path_in(client.post(f"/members/{Membership.objects.get(member=bob).pk}/link").content)
    assert not is_in(browser)
    assert sign_in(Client(), bob.email).status_code == 200
    browser.post(path, {"password": "a third password, for now"})
    assert sign_in(browser, bob.email, "a third password, for now").headers["Location"] == "/applications"


def test_a_removed_member_leaves_nothing_but_the_trail(client: Client, new_member: NewMember) -> None:
    bob = new_member(Role.VIEWER)
    who = who_is(bob.pk)
    token = tokens.make(who, "script", Role.VIEWER).text.reveal()
    browser = Client()
    browser.force_login(bob)
    browser.post("/views", {"listing": "users", "name": "mine", "query": "?q=x", "back": "/"})
    client.post(f"/members/{Membership.objects.get(member=bob).pk}/remove")
    assert not is_in(browser)
    assert tokens.who_has(token) is None
    assert not SavedView.objects.exists()
    assert not User.objects.filter(pk=bob.pk).exists()
    assert AuditEvent.objects.filter(who=bob.email, action="token.made").exists()


def test_members_of_another_organization_are_not_there(
    client: Client, other_organization: Organization, new_member: NewMember
) -> None:
    stranger = new_member(Role.ADMINISTER, other_organization)
    assert stranger.email.encode() not in client.get("/members").content
    assert stranger.email.encode() not in b"".join(client.get("/members/export.csv").streaming_content)  # type: ignore[attr-defined]


def test_the_list_says_how_each_member_stands(client: Client, admin: Who, new_member: NewMember) -> None:
    memberships.invite(admin, "invited@example.com", Role.VIEWER)
    User.objects.filter(pk=new_member(Role.VIEWER).pk).update(is_active=False, email="gone@example.com")
    text = b"".join(client.get("/members/export.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    states = {line.split(",")[0]: line.split(",")[3] for line in text.splitlines()[1:]}
    assert states == {admin.name: "active", "invited@example.com": "invited", "gone@example.com": "deactivated"}
    assert b"invited@example.com" in client.get("/members?state=invited").content
    assert b"gone@example.com" not in client.get("/members?state=invited&q=gone").content


def test_everybody_changes_the_own_name_and_a_hostile_one_is_harmless(signed_in: SignedIn) -> None:
    client, admin = signed_in(Role.VIEWER), signed_in()
    client.post("/profile", {"first_name": "<script>alert(1)</script>", "last_name": "\u202eevil"})
    for page in (client.get("/profile").content, admin.get("/members").content):
        assert b"<script>alert" not in page
    assert "\u202e".encode() not in admin.get("/members").content


def test_the_docs_say_what_each_role_may_do() -> None:
    for role, allowed in ROLES.items():
        ticks = " | ".join("✓" if may in allowed else "–" for may in May if may is not May.OPERATE)
        assert f"| {role} | {ticks} |" in DOCS
    for may in May:
        assert may.words in DOCS


def test_whoever_has_the_machine_lets_a_sole_administrator_back_in(admin: Who) -> None:
    from allauth.mfa.models import Authenticator

    member = User.objects.get(email=admin.name)
    Authenticator.objects.create(user=member, type="totp", data={"secret": "x"})
    inside, guest = Client(), Client()
    inside.force_login(member)
    link = memberships.let_back_in(operator(), f" {admin.name.upper()}")
    assert is_in(inside), "nothing ends before the link is used"
    assert Authenticator.objects.count() == 1, "the second factor stays"
    assert guest.post(link.path, {"password": "another password 1"}).status_code == 302
    assert guest.get(link.path).status_code == 404
    assert not is_in(inside)
    memberships.let_back_in(operator(), admin.name, drop_second_factor=True)
    assert Authenticator.objects.count() == 0
    made = AuditEvent.objects.filter(action="member.let_back_in").order_by("pk")
    assert [(event.who, event.detail) for event in made] == [
        ("command line", "the second factor stays"),
        ("command line", "the second factor is gone"),
    ]


def test_a_way_back_in_is_made_at_the_machine_only_and_for_active_members(admin: Who, new_member: NewMember) -> None:
    bob = new_member(Role.VIEWER)
    memberships.deactivate(admin, Membership.objects.get(member=bob).pk)
    with pytest.raises(NotAllowed, match="at the machine"):
        memberships.let_back_in(admin, admin.name)
    for email in ("nobody@example.com", bob.email):
        with pytest.raises(BadInput, match=admin.name):
            memberships.let_back_in(operator(), email)
