"""Inviting members, changing their roles, and removing them; an administrator always stays.

An administrator has the organization's memberships in hand. A member's sign-in, too, is theirs as long as it opens
nothing else: that of a member of several organizations, or of an operator, stays as it is whatever is done here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import audit, invitations, tokens
from seatkeeper.services.invitations import Link, make_link, opens_more
from seatkeeper.services.members import NONE, ROLES, May, Role, Who, to_role
from seatkeeper.store.models import Membership, Organization

UNUSABLE: Final = "!"  # what Django writes before the password of somebody who has none


def find(who: Who, membership_id: int) -> Membership:
    """A member of the asker's organization. Raises NotFound."""
    who.require(May.MEMBERS)
    found = Membership.objects.of(who).select_related("member").filter(pk=membership_id)
    if (membership := found.first()) is None:
        raise NotFound("This member")
    return membership


def invite(who: Who, email: str, role: str) -> Link:
    """A new member, who comes by the link or by single sign-on; one who has a sign-in here already joins with it."""
    who.require(May.MEMBERS)
    email, chosen = to_email(email), to_role(role)
    with transaction.atomic():
        if who.organization_id == NONE or Membership.objects.of(who).filter(member__username=email).exists():
            raise BadInput("email", "This address is a member already.")
        membership = Membership.objects.create(
            member=find_or_make(email), organization_id=who.organization_id, role=chosen.value,
            created=system_clock(), invited=True,
        )  # fmt: skip
        _keep_in_step(membership.member)
        audit.record(who, "member.invited", email, chosen.value)
    return make_link(who, membership)


def find_or_make(email: str) -> User:
    """The sign-in of this address, or a new one that nobody can use yet."""
    member = User.objects.filter(username=email).first()
    if member is None:
        member = User(username=email, email=email)
        member.set_unusable_password()
        member.save()
    return member


def new_link(who: Who, membership_id: int) -> Link:
    """For somebody who forgot the password, lost the second factor or was robbed: every way in ends but this link.

    Raises NotAllowed for a member whose sign-in opens more than this organization.
    """
    with _changing(who, membership_id) as membership:
        member = membership.member
        if not opens_more(who, membership):
            _end_every_way_in(who, membership)
            audit.record(who, "member.sign_in_reset", member.email)
        elif membership.invited:
            audit.record(who, "member.invited", member.email, membership.role)
        else:
            raise NotAllowed(
                "This sign-in opens more than your organization, so you cannot reset it. Whoever runs this "
                f"installation makes a link at the machine: seatkeeper members link {member.email}. You can deactivate "
                "or remove the member here."
            )
    return make_link(who, membership)


def let_back_in(who: Who, email: str, *, drop_second_factor: bool = False) -> Link:
    """For whoever has the machine, when no administrator can sign in: nothing ends before the link is used.

    The second factor stays unless it was said that it shall go.
    """
    who.require(May.MEMBERS)
    if not who.at_the_machine:
        raise NotAllowed("A link that leaves the password in force is made at the machine itself only.")
    mine = Membership.objects.of(who).select_related("member")
    membership = mine.filter(member__username=email.strip().lower(), active=True).first()
    if membership is None or not membership.member.is_active:
        known = ", ".join(mine.filter(member__is_active=True).values_list("member__email", flat=True)[:20])
        raise BadInput("email", f"no active member is called {email[:60]!r}. There is: {known or 'nobody yet'}.")
    with transaction.atomic():
        if drop_second_factor:
            Authenticator.objects.filter(user=membership.member).delete()
        kept = "the second factor is gone" if drop_second_factor else "the second factor stays"
        audit.record(who, "member.let_back_in", membership.member.email, kept)
    return Link(membership.pk, invitations.password_path(membership.member, membership.pk))


def change_role(who: Who, membership_id: int, role: str) -> None:
    """The member signs in again, and tokens that may do more end, so that nothing outlives what it was allowed."""
    with _changing(who, membership_id) as membership:
        chosen = to_role(role)
        before, membership.role = membership.role, chosen.value
        membership.save()
        if not opens_more(who, membership):
            _end_sessions(membership.member_id)
        tokens.end_all(who, membership, ROLES[chosen])
        audit.record(who, "member.role_changed", membership.member.email, f"{before} → {chosen.value}")


def deactivate(who: Who, membership_id: int) -> None:
    """Nobody gets in as this member, in any way; who is reactivated comes by a new link or by single sign-on."""
    with _changing(who, membership_id) as membership:
        membership.active = False
        membership.save(update_fields=["active"])
        _shut(who, membership)
        audit.record(who, "member.deactivated", membership.member.email)


def reactivate(who: Who, membership_id: int) -> None:
    """The member may be let in again: by a new link, or by single sign-on."""
    with _changing(who, membership_id) as membership:
        membership.active = True
        membership.save(update_fields=["active"])
        _keep_in_step(membership.member)
        audit.record(who, "member.reactivated", membership.member.email)


def remove(who: Who, membership_id: int) -> None:
    """The member with every way in, and its views; what it did stays in the audit trail."""
    with _changing(who, membership_id) as membership:
        _shut(who, membership)
        audit.record(who, "member.removed", membership.member.email)
        membership.delete()
        if not (membership.member.memberships.exists() or hasattr(membership.member, "operator")):
            membership.member.delete()


def rename(who: Who, first_name: str, last_name: str) -> None:
    """What the member is called. Everybody may change the own name."""
    assert who.member_id is not None
    member = User.objects.get(pk=who.member_id)
    member.first_name, member.last_name = (text.replace("\0", "").strip()[:150] for text in (first_name, last_name))
    member.save(update_fields=["first_name", "last_name"])


def _shut(who: Who, membership: Membership) -> None:
    """End what opens this organization to the member: the sign-in as well, if it opens nothing else."""
    tokens.end_all(who, membership)
    if not opens_more(who, membership):
        _end_every_way_in(who, membership)
        _keep_in_step(membership.member)


def _keep_in_step(member: User) -> None:
    """A sign-in is active while it opens anything."""
    member.is_active = member.memberships.filter(active=True).exists() or hasattr(member, "operator")
    member.save(update_fields=["is_active"])


def _end_every_way_in(who: Who, membership: Membership) -> None:
    """Password, links, second factors with recovery codes and passkeys, single sign-on, tokens and sessions."""
    member = membership.member
    member.set_unusable_password()  # it differs each time, and with it ends every link that was made before
    member.save()
    Authenticator.objects.filter(user=member).delete()
    SocialAccount.objects.filter(user=member).delete()
    tokens.end_all(who, membership)
    _end_sessions(member.pk)


def _end_sessions(member_id: int) -> None:
    """Sign the member out everywhere."""
    for session in UserSession.objects.filter(user_id=member_id):
        session.end()


def to_email(text: str) -> str:
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput("email", "This is not an e-mail address.") from None
    if len(email) > 150:
        raise BadInput("email", "An address has at most 150 characters.")
    return email


@contextmanager
def _changing(who: Who, membership_id: int) -> Iterator[Membership]:
    """A change of a member, refused when it would leave the organization without an administrator."""
    who.require(May.MEMBERS)
    with transaction.atomic():
        Organization.objects.of(who).select_for_update().get()  # one change at a time
        membership = find(who, membership_id)
        invitations.lock(membership.member_id)
        yield membership
        can_sign_in = ~Q(member__password__startswith=UNUSABLE) | Q(member__socialaccount__isnull=False)
        administrators = Membership.objects.of(who).filter(
            can_sign_in, role=Role.ADMINISTER.value, member__is_active=True, active=True, invited=False
        )
        if not administrators.exists():
            raise NotAllowed(f"Somebody who can sign in must stay with the role “{Role.ADMINISTER}”.")
