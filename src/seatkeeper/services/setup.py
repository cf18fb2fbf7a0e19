"""The first member. Whoever can read the console of the server may become it; once."""

from __future__ import annotations

import secrets
from typing import Final

from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services import audit, invitations, memberships
from seatkeeper.services.members import Role, operator, who_is
from seatkeeper.store.models import Membership, Operator, Organization

HOLDS: Final = 3600  # seconds
_SALT: Final = "seatkeeper.setup"


def is_needed() -> bool:
    """Whether nobody can sign in yet."""
    return not (Membership.objects.exists() or Operator.objects.exists())


def make_token() -> str:
    """What `seatkeeper serve` prints. It is signed, so it is kept nowhere; it ends with the set-up or after an hour."""
    return signing.dumps(secrets.token_urlsafe(9), salt=_SALT)


def check_token(token: str) -> None:
    """Raises BadInput for one that is not ours or too old."""
    try:
        signing.loads(token.strip(), salt=_SALT, max_age=HOLDS)
    except signing.BadSignature:
        raise BadInput(
            "token", "This is not the token, or it is older than an hour. Restart the server: it prints a new one."
        ) from None


def set_up(email: str, password: str) -> User:
    """Make the first member, an administrator. Raises NotFound when there is one already."""
    email = memberships.to_email(email)
    operator()  # there is an organization
    with transaction.atomic():
        organization = Organization.objects.select_for_update().order_by("pk")[0]  # of two, the second finds a member
        if not is_needed():
            raise NotFound
        member = User(username=email, email=email)
        invitations.set_password(member, password)
        Membership.objects.create(
            member=member, organization=organization, role=Role.ADMINISTER.value, created=system_clock()
        )
        audit.record(who_is(member.pk), "member.set_up", email, Role.ADMINISTER.value)
    return member
