"""Operators run the installation: they are made at the machine, or by another operator."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services import audit, invitations, memberships
from seatkeeper.services.members import NONE, May, Who
from seatkeeper.store.models import ApiToken, Operator


def rows(who: Who) -> list[Operator]:
    """By address."""
    who.require(May.OPERATE)
    return list(Operator.objects.select_related("member").order_by("member__email"))


def add(who: Who, email: str) -> str:
    """Make somebody an operator; a path at which to choose a password, for one who has no sign-in here yet, else "".

    Raises BadInput, also for a sign-in that nobody has used: whoever holds a link to it would become the operator.
    """
    who.require(May.OPERATE)
    email = memberships.to_email(email)
    with transaction.atomic():
        is_new = not User.objects.filter(username=email).exists()
        member = memberships.find_or_make(email)
        invitations.lock(member.pk)
        member.refresh_from_db()
        if Operator.objects.filter(member=member).exists():
            raise BadInput("email", "This address is an operator already.")
        if not is_new and not (member.is_active and member.last_login and invitations.can_sign_in(member)):
            raise BadInput("email", "This member was invited and has not signed in yet: try again after that.")
        Operator.objects.create(member=member, created=system_clock())
        _record(who, "operator.added", email)
    return invitations.password_path(member) if is_new else ""


def find_named(who: Who, email: str) -> Operator:
    """Raises BadInput with the operators there are."""
    mine = rows(who)
    for each in mine:
        if each.member.email == email.strip().lower():
            return each
    names = ", ".join(each.member.email for each in mine[:20])
    raise BadInput("email", f"no operator is called {email[:60]!r}. There is: {names or 'nobody yet'}.")


def remove(who: Who, operator_id: int) -> None:
    """From now on the person is what their memberships say. Raises NotFound."""
    who.require(May.OPERATE)
    with transaction.atomic():
        found = Operator.objects.select_related("member").select_for_update(of=("self",)).filter(pk=operator_id).first()
        if found is None:
            raise NotFound("This operator")
        member = found.member
        found.delete()
        ApiToken.objects.filter(membership__member=member, operates=True).update(revoked=True)
        _record(who, "operator.removed", member.email)
        if not member.memberships.exists():
            for session in UserSession.objects.filter(user=member):
                session.end()
            member.delete()


def _record(who: Who, action: str, email: str) -> None:
    audit.record(Who(NONE, who.name, who.may, who.member_id, who.token_id), action, email)
