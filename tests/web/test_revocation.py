"""A stolen account, from the reset to clean: one act ends every way in, and nothing made by one outlives it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import NotAllowed
from seatkeeper.services import memberships, tokens
from seatkeeper.services.members import Role, Who, operator, who_is
from seatkeeper.store.models import ApiToken, AuditEvent, Membership

from .conftest import PASSWORD, NewMember
from .test_sign_in import is_in, sign_in

ACTS: dict[str, Callable[[Who, int], object]] = {
    "reset": memberships.new_link,
    "deactivated": memberships.deactivate,
    "removed": memberships.remove,
}


@pytest.fixture
def admin(new_member: NewMember) -> Who:
    return who_is(new_member(Role.ADMINISTER, password=PASSWORD).pk)


@pytest.fixture
def bob(new_member: NewMember) -> User:
    return new_member(Role.LICENSES, password=PASSWORD)


def leave_behind(bob: User) -> None:
    """What a thief could have added."""
    for kind in ("totp", "recovery_codes", "webauthn"):
        Authenticator.objects.create(user=bob, type=kind, data={})
    SocialAccount.objects.create(user=bob, provider="single-sign-on", uid="somebody else")


@pytest.mark.parametrize("act", ACTS)
def test_one_act_ends_every_way_in(database: object, admin: Who, bob: User, act: str) -> None:
    browser = Client()
    sign_in(browser, bob.email)
    assert is_in(browser)
    leave_behind(bob)
    token = tokens.make(who_is(bob.pk), "script", Role.VIEWER).text.reveal()
    held = tokens.who_has(token)
    assert held is not None
    child = tokens.make(held, "left behind", Role.VIEWER).text.reveal()
    link = memberships.let_back_in(operator(), bob.email)
    ACTS[act](admin, Membership.objects.get(member=bob).pk)
    assert not is_in(browser)
    assert (tokens.who_has(token), tokens.who_has(child)) == (None, None)
    assert Client().get(link.path).status_code == 404, "an earlier link"
    assert "_auth_user_id" not in sign_in(browser, bob.email).wsgi_request.session
    for left in (Authenticator, SocialAccount, UserSession):
        assert not left.objects.filter(user_id=bob.pk).exists()
    assert not [each for each in Session.objects.all() if each.get_decoded().get("_auth_user_id") == str(bob.pk)]


@pytest.mark.parametrize("act", ACTS)
def test_what_cannot_be_ended_whole_ends_nothing(
    admin: Who, bob: User, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_behind(bob)
    token = tokens.make(who_is(bob.pk), "script", Role.VIEWER).text.reveal()

    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(memberships, "_end_sessions", fail)
    with pytest.raises(OSError):  # noqa: PT011 - ours
        ACTS[act](admin, Membership.objects.get(member=bob).pk)
    assert tokens.who_has(token) is not None
    assert Authenticator.objects.filter(user=bob).count() == 3
    assert SocialAccount.objects.filter(user=bob).exists()


def test_a_token_makes_none_that_outlives_or_exceeds_it(database: object, bob: User) -> None:
    short = tokens.who_has(tokens.make(who_is(bob.pk), "one day", Role.VIEWER, 1).text.reveal())
    assert short is not None
    made = tokens.make(short, "one year", Role.VIEWER, 365)
    assert made.expires <= system_clock() + days(1)
    with pytest.raises(Exception, match="cannot do more"):
        tokens.make(short, "more", Role.LICENSES, 1)


def test_a_revoked_token_takes_along_all_that_came_from_it(database: object, bob: User) -> None:
    who = who_is(bob.pk)
    line = [tokens.make(who, "0", Role.VIEWER).text.reveal()]
    for number in range(1, 4):
        caller = tokens.who_has(line[-1])
        assert caller is not None
        line.append(tokens.make(caller, str(number), Role.VIEWER).text.reveal())
    first = tokens.who_has(line[1])
    assert first is not None
    tokens.revoke(who, ApiToken.objects.get(name="1").pk)
    assert [tokens.who_has(text) is not None for text in line] == [True, False, False, False]
    assert AuditEvent.objects.filter(action="token.revoked").count() == 3
    with pytest.raises(NotAllowed):
        tokens.make(first, "by one that was revoked meanwhile", Role.VIEWER)


def test_tokens_above_a_new_role_end_and_a_later_role_does_not_bring_them_back(admin: Who, bob: User) -> None:
    who, membership = who_is(bob.pk), Membership.objects.get(member=bob).pk
    above = tokens.make(who, "above", Role.LICENSES).text.reveal()
    below = tokens.make(who, "below", Role.VIEWER).text.reveal()
    memberships.change_role(admin, membership, Role.VIEWER)
    memberships.change_role(admin, membership, Role.LICENSES)
    assert tokens.who_has(above) is None
    assert tokens.who_has(below) is not None
