"""One sign-in may open several organizations: no administrator of one gets hold of it to get in to another."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from seatkeeper.errors import ChooseOrganization, NotAllowed, NotFound
from seatkeeper.services import invitations, memberships, operators, tokens
from seatkeeper.services.members import Role, Who, operator, who_is
from seatkeeper.store.models import ApiToken, Membership, Organization
from tests.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    NewMember,
    empty_store,
    new_member,
    organization,
    other_organization,
)


@pytest.fixture
def admin_a(new_member: NewMember) -> Who:  # noqa: F811
    return who_is(new_member(Role.ADMINISTER, password=PASSWORD).pk)


@pytest.fixture
def admin_b(new_member: NewMember, other_organization: Organization) -> Who:  # noqa: F811
    return who_is(new_member(Role.ADMINISTER, other_organization, PASSWORD).pk)


@pytest.fixture
def xena(admin_a: Who) -> User:
    """Let in by the administrator of A, she has chosen her password and was here."""
    link = memberships.invite(admin_a, "xena@example.com", Role.LICENSES)
    key, token = link.path.split("/")[2:]
    member = invitations.accept(key, token, PASSWORD)
    Client().force_login(member)
    return User.objects.get(pk=member.pk)


def in_both(xena: User, admin_b: Who) -> Membership:
    link = memberships.invite(admin_b, xena.email, Role.VIEWER)
    return invitations.join(xena.pk, link.path.rpartition("/")[2])


def test_an_invitation_changes_nothing_before_its_member_has_joined(xena: User, admin_a: Who, admin_b: Who) -> None:
    link = memberships.invite(admin_b, "Xena@Example.com", Role.VIEWER)
    assert link.joins
    assert who_is(xena.pk).organization_id == admin_a.organization_id
    assert not who_is(xena.pk).organization_name, "she has one organization, and reads of no other"
    invitations.join(xena.pk, link.path.rpartition("/")[2])
    with pytest.raises(ChooseOrganization):
        who_is(xena.pk)
    both = {who.organization_id: who.may for who in (who_is(xena.pk, a.organization_id) for a in (admin_a, admin_b))}
    assert len(both) == len(set(both.values())) == 2, "a role in each"
    with pytest.raises(NotFound):
        invitations.join(xena.pk, link.path.rpartition("/")[2])


def test_only_its_own_member_joins_by_a_link(xena: User, admin_a: Who, admin_b: Who) -> None:
    token = memberships.invite(admin_b, xena.email, Role.VIEWER).path.rpartition("/")[2]
    for stranger in (admin_a, admin_b):
        with pytest.raises(NotFound):
            invitations.find_to_join(stranger.member_id or 0, token)
    with pytest.raises(NotFound):
        invitations.find_to_join(xena.pk, token + "x")


def test_no_administrator_of_either_takes_a_sign_in_that_opens_both(xena: User, admin_a: Who, admin_b: Who) -> None:
    in_both(xena, admin_b)
    for admin in (admin_a, admin_b):
        mine = Membership.objects.of(admin).get(member=xena)
        with pytest.raises(NotAllowed, match="opens more than your organization"):
            memberships.new_link(admin, mine.pk)
    member = User.objects.get(pk=xena.pk)
    assert member.check_password(PASSWORD)


@pytest.mark.parametrize("do", [memberships.deactivate, memberships.remove])
def test_who_is_shut_out_of_one_organization_stays_in_the_other(
    xena: User, admin_a: Who, admin_b: Who, do: object
) -> None:
    membership = in_both(xena, admin_b)
    kept = tokens.make(who_is(xena.pk, admin_a.organization_id), "a", Role.VIEWER)
    ended = tokens.make(who_is(xena.pk, admin_b.organization_id), "b", Role.VIEWER)
    do(admin_b, membership.pk)  # type: ignore[operator]
    member = User.objects.get(pk=xena.pk)
    assert member.is_active
    assert member.check_password(PASSWORD)
    assert who_is(xena.pk).organization_id == admin_a.organization_id
    assert tokens.who_has(kept.text.reveal()) is not None
    assert tokens.who_has(ended.text.reveal()) is None
    with pytest.raises(ChooseOrganization):
        who_is(xena.pk, admin_b.organization_id)


def test_one_who_is_deactivated_elsewhere_is_still_nobody_elses(xena: User, admin_a: Who, admin_b: Who) -> None:
    """B may let her in again: whoever took the sign-in meanwhile would get in with her."""
    memberships.deactivate(admin_b, in_both(xena, admin_b).pk)
    with pytest.raises(NotAllowed):
        memberships.new_link(admin_a, Membership.objects.of(admin_a).get(member=xena).pk)


def test_whoever_holds_the_first_invitation_does_not_get_in_by_it_to_the_second(admin_a: Who, admin_b: Who) -> None:
    """A invites an address, keeps the link, and waits until B invites it, too."""
    first = memberships.invite(admin_a, "xena@example.com", Role.VIEWER)
    second = memberships.invite(admin_b, "xena@example.com", Role.ADMINISTER)
    taken = invitations.accept(*first.path.split("/")[2:], PASSWORD)  # type: ignore[call-arg]
    assert who_is(taken.pk).organization_id == admin_a.organization_id
    with pytest.raises(NotFound):
        invitations.accept(*second.path.split("/")[2:], PASSWORD)  # type: ignore[call-arg]
    again = memberships.new_link(admin_b, second.membership_id)
    assert again.joins, "the sign-in is somebody's now: it has to be proved"


def test_a_reset_while_somebody_joins_leaves_the_link_without_the_other_organization(
    xena: User, admin_a: Who, admin_b: Who
) -> None:
    token = memberships.invite(admin_b, xena.email, Role.VIEWER).path.rpartition("/")[2]
    memberships.new_link(admin_a, Membership.objects.of(admin_a).get(member=xena).pk)
    with pytest.raises(NotFound):
        invitations.join(xena.pk, token)


def test_an_operators_sign_in_is_in_no_administrators_hands(xena: User, admin_a: Who) -> None:
    operators.add(operator(), xena.email)
    mine = Membership.objects.of(admin_a).get(member=xena)
    with pytest.raises(NotAllowed):
        memberships.new_link(admin_a, mine.pk)
    memberships.remove(admin_a, mine.pk)
    member = User.objects.get(pk=xena.pk)
    assert member.is_active
    assert member.check_password(PASSWORD)


def test_who_has_no_other_organization_is_removed_whole(xena: User, admin_a: Who) -> None:
    tokens.make(who_is(xena.pk), "a", Role.VIEWER)
    memberships.remove(admin_a, Membership.objects.of(admin_a).get(member=xena).pk)
    assert not User.objects.filter(pk=xena.pk).exists()
    assert not ApiToken.objects.exists()
