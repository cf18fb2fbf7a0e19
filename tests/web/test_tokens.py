"""Tokens: shown once, kept as a digest, ending, never above their member, and no guessing."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import BadInput, NotFound, TooOften
from seatkeeper.services import tokens
from seatkeeper.services.members import ROLES, May, Role, Who, operator, who_is
from seatkeeper.store.models import ApiToken, AuditEvent, Membership, Organization

from .conftest import NewMember, SignedIn

pytestmark = pytest.mark.usefixtures("no_counts")


@pytest.fixture
def who(new_member: NewMember) -> Who:
    return who_is(new_member(Role.APPLICATIONS).pk)


def test_a_token_is_shown_once_and_kept_as_a_digest(signed_in: SignedIn) -> None:
    client = signed_in(Role.VIEWER)
    page = client.post("/profile/tokens", {"name": "backup", "role": Role.VIEWER, "for_days": "30"})
    found = re.search(rb'value="(sk_[\w-]{43})"', page.content)
    assert found
    text = found[1].decode()
    assert page.headers["Cache-Control"] == "no-store"
    assert text.encode() not in client.get("/profile/tokens").content
    kept = ApiToken.objects.get()
    assert text not in str(kept.__dict__)
    assert bytes(kept.digest) == tokens._digest(text)
    assert text.startswith(kept.prefix)
    assert not AuditEvent.objects.filter(subject__contains=text).exists()
    assert "sk_" not in repr(tokens.make(who_is(kept.membership.member_id), "other", Role.VIEWER))


def test_a_token_does_what_its_role_allows_and_its_member_still_may(database: object, who: Who) -> None:
    text = tokens.make(who, "script", Role.APPLICATIONS).text.reveal()
    caller = tokens.who_has(text)
    assert caller is not None
    assert (caller.organization_id, caller.member_id) == (who.organization_id, who.member_id)
    assert caller.may == ROLES[Role.APPLICATIONS]
    assert caller.name.startswith(f"{who.name} by token sk_")
    Membership.objects.filter(member_id=who.member_id).update(role=Role.LICENSES.value)
    demoted = tokens.who_has(text)
    assert demoted is not None
    assert demoted.may == {May.SEE}


@pytest.mark.parametrize(
    ("name", "role", "for_days", "field"),
    [
        ("", Role.VIEWER, 90, "name"),
        ("x" * 81, Role.VIEWER, 90, "name"),
        ("x", Role.ADMINISTER, 90, "role"),
        ("x", Role.LICENSES, 90, "role"),
        ("x", "King", 90, "role"),
        ("x", Role.VIEWER, 0, "for_days"),
        ("x", Role.VIEWER, 366, "for_days"),
    ],
)
def test_a_token_above_its_member_or_without_end_is_not_made(
    who: Who, name: str, role: str, for_days: int, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        tokens.make(who, name, role, for_days)
    assert refused.value.first.field == field
    assert not ApiToken.objects.exists()


def test_the_form_offers_only_what_the_member_may_and_keeps_what_was_typed(signed_in: SignedIn) -> None:
    client = signed_in(Role.VIEWER)
    assert Role.ADMINISTER.value.encode() not in client.get("/profile/tokens").content
    answer = client.post("/profile/tokens", {"name": "backup", "role": Role.ADMINISTER, "for_days": "900"})
    assert answer.status_code == 422
    assert b'value="backup"' in answer.content
    assert not ApiToken.objects.exists()


def test_a_token_ends_by_itself_by_revoking_and_is_nobody_elses(
    who: Who, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (tokens.make(who, name, Role.VIEWER, 1).text.reveal() for name in "ab")
    unlicensed_user = who_is(new_member(Role.VIEWER).pk)
    token_id = ApiToken.objects.get(name="a").pk
    with pytest.raises(NotFound):
        tokens.revoke(unlicensed_user, token_id)
    tokens.revoke(who, token_id)
    assert tokens.who_has(first) is None
    assert tokens.who_has(second) is not None
    later = system_clock() + days(1.01)
    monkeypatch.setattr(tokens, "system_clock", lambda: later)
    assert tokens.who_has(second) is None


def test_an_administrator_revokes_anybodys_token_in_the_organization_only(
    who: Who, other_organization: Organization, new_member: NewMember
) -> None:
    tokens.make(who, "script", Role.VIEWER)
    token_id = ApiToken.objects.get().pk
    with pytest.raises(NotFound):
        tokens.revoke(who_is(new_member(Role.ADMINISTER, other_organization).pk), token_id)
    tokens.revoke(who_is(new_member(Role.ADMINISTER).pk), token_id)
    assert ApiToken.objects.get().revoked


def test_use_is_noted_to_the_hour(who: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tokens.make(who, "script", Role.VIEWER).text.reveal()
    assert ApiToken.objects.get().last_used is None
    tokens.who_has(text)
    used = ApiToken.objects.get().last_used
    assert used is not None
    assert used % tokens._HOUR == 0
    assert 0 <= system_clock() - used < tokens._HOUR + tokens._HOUR // 60


@pytest.mark.parametrize("wrong", ["", "sk_", "sk_" + "x" * 43, "\ud800", "💥" * 1000, "sk_\x00"])
def test_what_is_no_token_is_nobody(who: Who, wrong: str) -> None:
    assert tokens.who_has(wrong) is None


def test_guessing_ends_for_the_one_who_guesses_and_for_nobody_else(who: Who) -> None:
    text = tokens.make(who, "script", Role.VIEWER).text.reveal()
    for n in range(30):
        tokens.who_has(f"sk_{n}", "203.0.113.1")
    with pytest.raises(TooOften):
        tokens.who_has("sk_one_more", "203.0.113.1")
    assert tokens.who_has("sk_one_more", "203.0.113.2") is None
    assert tokens.who_has(text, "203.0.113.1") is not None  # behind the same address, with a token that holds


def test_the_command_line_has_no_tokens(organization: Organization) -> None:
    from seatkeeper.errors import NotAllowed

    with pytest.raises(NotAllowed):
        tokens.make(operator(), "script", Role.VIEWER)


def test_nobody_makes_tokens_without_signing_in(client: Client, signed_in: SignedIn) -> None:
    signed_in()
    assert client.post("/profile/tokens", {"name": "x"}).headers["Location"].startswith("/accounts/login/")
