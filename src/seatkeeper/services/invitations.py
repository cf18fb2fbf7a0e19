"""Links by which people get in: choosing a password, or joining one more organization with the sign-in they have.

Whoever makes a link is an administrator of one organization, and a sign-in may open others. So a link that lets its
holder choose the password is made only for a sign-in that opens nothing else; one who has a sign-in elsewhere proves
it, and joins. Neither the old nor the new organization's administrators get in by the other's link.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services import audit
from seatkeeper.services.members import NONE, Who
from seatkeeper.store.models import Membership, Operator

_JOIN: Final = "seatkeeper.join"


class Link(NamedTuple):
    """A one-time address. Shown once: it is kept nowhere."""

    membership_id: int
    path: str
    joins: bool = False  # it asks for the sign-in that the member has; else it lets whoever has it choose a password


class Invited(NamedTuple):
    """Whose link it is, and what it opens: one organization, or none for an operator."""

    member: User
    membership: Membership | None


def opens_more(who: Who, membership: Membership) -> bool:
    """Whether the member's sign-in opens anything but the asker's organization: its administrators may not take it."""
    elsewhere = Membership.objects.filter(member=membership.member_id, invited=False).exclude(
        pk__in=Membership.objects.of(who)
    )
    return elsewhere.exists() or Operator.objects.filter(member=membership.member_id).exists()


def make_link(who: Who, membership: Membership) -> Link:
    """For choosing a password, or for joining where that would open more than the asker may give."""
    if opens_more(who, membership):
        return Link(membership.pk, f"/join/{signing.dumps(membership.pk, salt=_JOIN)}", joins=True)
    return Link(membership.pk, password_path(membership.member, membership.pk))


def password_path(member: User, membership_id: int | None = None) -> str:
    """The address at which the member chooses a password, until it is used or the password changes otherwise."""
    key = urlsafe_base64_encode(force_bytes(f"{member.pk}.{membership_id or ''}"))
    return f"/invitations/{key}/{default_token_generator.make_token(member)}"


def invited(key: str, token: str) -> Invited:
    """Raises NotFound for a link that does not hold."""
    try:
        member_id, _, membership_id = urlsafe_base64_decode(key).decode("ascii").partition(".")
        member = User.objects.filter(pk=int(member_id), is_active=True).first()
        named = int(membership_id) if membership_id else None
    except ValueError:
        raise NotFound from None
    if member is None or not default_token_generator.check_token(member, token):
        raise NotFound
    if named is None:
        return Invited(member, None)
    if (membership := Membership.objects.filter(member=member, pk=named).first()) is None:
        raise NotFound
    return Invited(member, membership)


def accept(key: str, token: str, password: str) -> User:
    """Somebody came with the link and chose a password. Raises NotFound for a link that no longer holds."""
    with transaction.atomic():
        lock(invited(key, token).member.pk)
        member, membership = invited(key, token)  # of two who come at once, the second finds it used
        set_password(member, password)
        organization_id = NONE
        if membership is not None:
            organization_id = membership.organization_id
            Membership.objects.filter(pk=membership.pk).update(invited=False)
        audit.record(Who(organization_id, member.email, member_id=member.pk), "member.password_chosen", member.email)
    return member


def find_to_join(member_id: int, token: str) -> Membership:
    """The invitation that the signed-in member came with. Raises NotFound, also for somebody else's."""
    try:
        membership_id = signing.loads(token, salt=_JOIN, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        raise NotFound("This invitation") from None
    mine = Membership.objects.select_related("organization", "member").filter(member_id=member_id, invited=True)
    found = mine.filter(pk=membership_id, active=True, organization__archived=None).first()
    if found is None:
        raise NotFound("This invitation")
    return found


def join(member_id: int, token: str) -> Membership:
    """The member accepts. Raises NotFound."""
    with transaction.atomic():
        lock(member_id)
        membership = find_to_join(member_id, token)
        if not can_sign_in(membership.member):
            raise NotFound("This invitation")  # the sign-in was reset meanwhile, and somebody holds a link to it
        Membership.objects.filter(pk=membership.pk).update(invited=False)
        who = Who(membership.organization_id, membership.member.email, member_id=member_id)
        audit.record(who, "member.joined", membership.member.email, membership.role)
    return membership


def waiting(email: str) -> User | None:
    """The member who was invited by this address and has no way to sign in yet."""
    found = User.objects.filter(
        username=email.strip().lower(), is_active=True, memberships__active=True, socialaccount__isnull=True
    ).first()
    return found if found is not None and not found.has_usable_password() else None


def accept_vouched(member: User) -> None:
    """The provider of single sign-on vouches for the address that all of these invitations were made for."""
    Membership.objects.filter(member=member, invited=True).update(invited=False)


def lock(member_id: int) -> None:
    """Of what a sign-in opens and who may take it, one is decided after the other. In a transaction."""
    User.objects.select_for_update().get(pk=member_id)


def can_sign_in(member: User) -> bool:
    return member.has_usable_password() or SocialAccount.objects.filter(user=member).exists()


def set_password(member: User, password: str) -> None:
    """Raises BadInput for one that is easily guessed."""
    try:
        validate_password(password, member)
    except ValidationError as error:
        raise BadInput("password", " ".join(error.messages)) from None
    member.set_password(password)
    member.save()
