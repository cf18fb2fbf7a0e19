"""What sign-in leaves in the audit trail, and a new session id whenever it changes what proves who somebody is."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.socialaccount.signals import social_account_added, social_account_removed
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from seatkeeper.services import audit
from seatkeeper.services.members import Who, list_open


def connect() -> None:
    for signal, action, sent in (
        (user_logged_in, "member.signed_in", "user"),
        (user_logged_out, "member.signed_out", "user"),
        (password_changed, "member.password_changed", "user"),  # Django has given the session a new id
        (password_set, "member.password_changed", "user"),
        (social_account_added, "member.single_sign_on_bound", "sociallogin"),
        (social_account_removed, "member.single_sign_on_removed", "socialaccount"),
    ):
        signal.connect(_noted(action, sent), weak=False, dispatch_uid=action)  # once, however often it is asked
    for signal, action in (
        (authenticator_added, "member.second_factor_added"),
        (authenticator_removed, "member.second_factor_removed"),
        (authenticator_reset, "member.recovery_codes_made"),
    ):
        signal.connect(_factor_changed(action), weak=False, dispatch_uid=action)


def _noted(action: str, sent: str) -> Any:
    """A receiver that notes the action for the member: what the signal sends under the name, or whose that is."""

    def note(**told: Any) -> None:
        user = told[sent] if sent == "user" else told[sent].user
        if user is not None:
            _note(user, action)

    return note


def _factor_changed(action: str) -> Any:
    def note(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
        _note(user, action, str(authenticator.type))
        if request.user.is_authenticated:
            UserSession.objects.filter(session_key=request.session.session_key).delete()
            request.session.cycle_key()
            UserSession.objects.create_from_request(request)

    return note


def _note(user: User, action: str, detail: str = "") -> None:
    """In the trail of every organization that the sign-in opens; of none, once there is no member any more."""
    for membership in list_open(user.pk):
        who = Who(membership.organization_id, user.email, member_id=user.pk)
        audit.record(who, action, user.email, detail)
