"""Inviting members, changing their roles, and removing them; an administrator always stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import audit, tokens
from seatkeeper.services.members import ROLES, May, Role, Who, to_role, who_is
from seatkeeper.store.models import Membership, Organization

UNUSABLE: Final = "!"  # what Django writes before the password of somebody who has none


class Link(NamedTuple):
    """The one-time address at which a member chooses a password. Shown once: it is kept nowhere."""

    membership_id: int
    path: str


def find(who: Who, membership_id: int) -> Membership:
    """A member of the asker's organization. Raises NotFound."""
    who.require(May.MEMBERS)
    found = Membership.objects.of(who).select_related("member").filter(pk=membership_id)
    if (membership := found.first()) is None:
        raise NotFound("This member")
    return membership


def invite(who: Who, email: str, role: str) -> Link:
    """A new member, who signs in by the link or by single sign-on."""
    who.require(May.MEMBERS)
    email, chosen = to_email(email), to_role(role)
    with transaction.atomic():
        if User.objects.filter(username=email).exists():
            raise BadInput("email", "This address is a member already.")
        member = User(username=email, email=email)
        member.set_unusable_password()
        member.save()
        membership = Membership.objects.create(
            member=member, organization_id=who.organization_id, role=chosen.value, created=system_clock()
        )
        audit.record(who, "member.invited", email, chosen.value)
    return _link(membership.pk, member)


def new_link(who: Who, membership_id: int) -> Link:
    """For somebody who forgot the password, lost the second factor or was robbed: every way in ends but this link."""
    with _changing(who, membership_id) as membership:
        member = membership.member
        _end_every_way_in(who, membership)
        audit.record(who, "member.sign_in_reset", member.email)
    return _link(membership_id, member)


def let_back_in(who: Who, email: str, *, drop_second_factor: bool = False) -> Link:
    """For whoever has the machine, when no administrator can sign in: nothing ends before the link is used.

    The second factor stays unless it was said that it shall go.
    """
    who.require(May.MEMBERS)
    if not who.at_the_machine:
        raise NotAllowed("A link that leaves the password in force is made at the machine itself only.")
    mine = Membership.objects.of(who).select_related("member")
    membership = mine.filter(member__username=email.strip().lower()).first()
    if membership is None or not membership.member.is_active:
        known = ", ".join(mine.filter(member__is_active=True).values_list("member__email", flat=True)[:20])
        raise BadInput("email", f"no active member is called {email[:60]!r}. There is: {known or 'nobody yet'}.")
    with transaction.atomic():
        if drop_second_factor:
            Authenticator.objects.filter(user=membership.member).delete()
        kept = "the second factor is gone" if drop_second_factor else "the second factor stays"
        audit.record(who, "member.let_back_in", membership.member.email, kept)
    return _link(membership.pk, membership.member)


def change_role(who: Who, membership_id: int, role: str) -> None:
    """The member signs in again, and tokens that may do more end, so that nothing outlives what it was allowed."""
    with _changing(who, membership_id) as membership:
        chosen = to_role(role)
        before, membership.role = membership.role, chosen.value
        membership.save()
        _end_sessions(membership.member_id)
        tokens.end_all(who, membership, ROLES[chosen])
        audit.record(who, "member.role_changed", membership.member.email, f"{before} → {chosen.value}")


def deactivate(who: Who, membership_id: int) -> None:
    """Nobody gets in as this member, in any way; who is reactivated comes by a new link or by single sign-on."""
    with _changing(who, membership_id) as membership:
        membership.member.is_active = False
        _end_every_way_in(who, membership)
        audit.record(who, "member.deactivated", membership.member.email)


def reactivate(who: Who, membership_id: int) -> None:
    """The member may be let in again: by a new link, or by single sign-on."""
    with _changing(who, membership_id) as membership:
        membership.member.is_active = True
        membership.member.save(update_fields=["is_active"])
        audit.record(who, "member.reactivated", membership.member.email)


def remove(who: Who, membership_id: int) -> None:
    """The member with every way in, and its views; what it did stays in the audit trail."""
    with _changing(who, membership_id) as membership:
        _end_every_way_in(who, membership)
        audit.record(who, "member.removed", membership.member.email)
        membership.member.delete()


def accept(key: str, token: str, password: str) -> User:
    """Somebody came with the link and chose a password. Raises NotFound for a link that no longer holds."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=invited(key, token).pk)
        member = invited(key, token)  # of two who come at once, the second finds it used
        set_password(member, password)
        audit.record(who_is(member.pk), "member.password_chosen", member.email)
    return member


def invited(key: str, token: str) -> User:
    """Whose link it is. Raises NotFound."""
    try:
        member_id = int(urlsafe_base64_decode(key))
    except ValueError:
        raise NotFound from None
    member = User.objects.filter(pk=member_id, is_active=True, membership__isnull=False).first()
    if member is None or not default_token_generator.check_token(member, token):
        raise NotFound
    return member


def waiting(email: str) -> User | None:
    """The member who was invited by this address and has no way to sign in yet."""
    found = User.objects.filter(
        username=email.strip().lower(), is_active=True, membership__isnull=False, socialaccount__isnull=True
    ).first()
    return found if found is not None and not found.has_usable_password() else None


def rename(who: Who, first_name: str, last_name: str) -> None:
    """What the member is called. Everybody may change the own name."""
    member = Membership.objects.select_related("member").get(member_id=who.member_id).member
    member.first_name, member.last_name = (text.replace("\0", "").strip()[:150] for text in (first_name, last_name))
    member.save(update_fields=["first_name", "last_name"])


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


def set_password(member: User, password: str) -> None:
    """Raises BadInput for one that is easily guessed."""
    try:
        validate_password(password, member)
    except ValidationError as error:
        raise BadInput("password", " ".join(error.messages)) from None
    member.set_password(password)
    member.save()


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
        yield find(who, membership_id)
        can_sign_in = ~Q(member__password__startswith=UNUSABLE) | Q(member__socialaccount__isnull=False)
        administrators = Membership.objects.of(who).filter(
            can_sign_in, role=Role.ADMINISTER.value, member__is_active=True
        )
        if not administrators.exists():
            raise NotAllowed(f"Somebody who can sign in must stay with the role “{Role.ADMINISTER}”.")


def _link(membership_id: int, member: User) -> Link:
    key = urlsafe_base64_encode(force_bytes(member.pk))
    return Link(membership_id, f"/invitations/{key}/{default_token_generator.make_token(member)}")
