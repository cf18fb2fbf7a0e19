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

from seatkeeper.errors import NotAllowed
from seatkeeper.services import audit
from seatkeeper.services.members import who_is


def connect() -> None:
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    for signal in (password_changed, password_set):
        signal.connect(_password_changed)
    for signal, action in (
        (authenticator_added, "member.second_factor_added"),
        (authenticator_removed, "member.second_factor_removed"),
        (authenticator_reset, "member.recovery_codes_made"),
    ):
        signal.connect(_factor_changed(action), weak=False)
    social_account_added.connect(_bound)
    social_account_removed.connect(_unbound)


def _signed_in(user: User, **_: Any) -> None:
    _note(user, "member.signed_in")


def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        _note(user, "member.signed_out")


def _password_changed(user: User, **_: Any) -> None:
    _note(user, "member.password_changed")  # Django has given the session a new id


def _bound(sociallogin: Any, **_: Any) -> None:
    _note(sociallogin.user, "member.single_sign_on_bound")


def _unbound(socialaccount: Any, **_: Any) -> None:
    _note(socialaccount.user, "member.single_sign_on_removed")


def _factor_changed(action: str) -> Any:
    def note(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
        _note(user, action, str(authenticator.type))
        if request.user.is_authenticated:
            UserSession.objects.filter(session_key=request.session.session_key).delete()
            request.session.cycle_key()
            UserSession.objects.create_from_request(request)

    return note


def _note(user: User, action: str, detail: str = "") -> None:
    try:
        who = who_is(user.pk)
    except NotAllowed:
        return  # no member any more: there is no organization whose trail it could be
    audit.record(who, action, user.email, detail)
