"""Becoming a member: the first one by the token of the console, the others by the link of an administrator."""

from __future__ import annotations

import ipaddress
from typing import Final

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services import memberships, setup
from seatkeeper.services.limits import Limit
from seatkeeper.settings import SEATKEEPER
from seatkeeper.web.forms_members import PasswordForm, SetupForm, attempt

GUESSES: Final = Limit("set-up", tries=10, seconds=300)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The first member. Afterwards there is nothing at this address."""
    if not setup.is_needed():
        raise NotFound
    here = is_at_the_machine(request)
    form = SetupForm(request.POST or None)
    if here:
        del form.fields["token"]

    def make(email: str, password: str, token: str = "") -> HttpResponse:
        if not here:
            _check(request, token)
        login(request, setup.set_up(email, password))
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
        member = memberships.invited(key, token)
    except NotFound:
        GUESSES.note(source)
        raise
    form = PasswordForm(request.POST or None)

    def choose(password: str) -> HttpResponse:
        memberships.accept(key, token, password)
        return redirect("/accounts/login/")

    done = attempt(form, choose) if request.method == "POST" else None
    return done or _show(request, "seatkeeper/invitation.html", form, email=member.email)


def is_at_the_machine(request: HttpRequest) -> bool:
    """Whether the caller sits at the machine itself.

    Behind a proxy everybody seems to; so it only counts while nobody has given the installation a public address.
    """
    headers = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
    if not SEATKEEPER.address.is_loopback or any(name in request.META for name in headers):
        return False
    try:
        return ipaddress.ip_address(_source(request)).is_loopback
    except ValueError:
        return False


def _check(request: HttpRequest, token: str) -> None:
    source = _source(request)
    GUESSES.check(source)
    try:
        setup.check_token(token)
    except BadInput:
        GUESSES.note(source)
        raise


def _source(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _show(request: HttpRequest, template: str, form: SetupForm | PasswordForm, **context: str) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)
