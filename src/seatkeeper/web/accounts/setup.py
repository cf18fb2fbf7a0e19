"""Becoming a member: the first one by the token of the console, the others by the link of an administrator."""

from __future__ import annotations

from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services import invitations, setup
from seatkeeper.services.limits import Limit, to_network
from seatkeeper.web.accounts.forms import PasswordForm, SetupForm
from seatkeeper.web.frame.forms import attempt

GUESSES: Final = Limit("set-up", tries=10)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The first member, who has read the console: a proxy makes everybody seem to be at the machine itself.

    Afterwards there is nothing at this address.
    """
    if not setup.is_needed():
        raise NotFound
    form = SetupForm(request.POST or None)

    def make(email: str, password: str, token: str) -> HttpResponse:
        source = _source(request)
        GUESSES.check(source)
        try:
            setup.check_token(token)
        except BadInput:
            GUESSES.note(source)
            raise
        login(request, setup.set_up(email, password))
        UserSession.objects.create_from_request(request)  # it is in the list of sessions, too
        return redirect("/applications")

    done = attempt(form, make) if request.method == "POST" else None
    return done or _show(request, "seatkeeper/setup.html", form)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Where an invited member chooses a password. Signing in comes after, with whatever else it asks for."""
    source = _source(request)
    GUESSES.check(source)
    try:
        member = invitations.invited(key, token).member
    except NotFound:
        GUESSES.note(source)
        raise
    form = PasswordForm(request.POST or None)

    def choose(password: str) -> HttpResponse:
        invitations.accept(key, token, password)
        return redirect("/accounts/login/")

    done = attempt(form, choose) if request.method == "POST" else None
    return done or _show(request, "seatkeeper/invitation.html", form, email=member.email)


def _source(request: HttpRequest) -> str:
    return to_network(str(request.META.get("REMOTE_ADDR", "")))


def _show(request: HttpRequest, template: str, form: SetupForm | PasswordForm, **context: str) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)
