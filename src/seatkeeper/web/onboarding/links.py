"""Customers join by a link: the organization's app registration, links with what became of them, and the way back."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput, ChangedMeanwhile, CredentialsRejected, TryLater
from seatkeeper.services import app_registrations, catalogue, consent_links
from seatkeeper.services.listings import consent_links as listed
from seatkeeper.services.members import May
from seatkeeper.web.frame.forms import attempt, refuse
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page
from seatkeeper.web.onboarding.forms import LinkForm, RegistrationForm

HOME: Final = "/connections/onboarding"
ANSWERS: Final = ("state", "tenant", "admin_consent", "error", "error_description")
LONGEST: Final = 8000  # characters of one of them


@page()
def index(request: Asked) -> HttpResponse:
    context = {
        "registration": app_registrations.find(request.who),
        "may_manage": May.APPLICATIONS in request.who.may,
    }
    return listing_page(
        request, "seatkeeper/onboarding/index.html", listed.LISTING, listed.rows(request.who), **context
    )


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who), form)


@page(May.APPLICATIONS, methods=("GET", "POST"))
def registration(request: Asked) -> HttpResponse:
    """What is kept of the organization's own app registration; its credential is tried before it is saved."""
    posted = request.method == "POST"
    form = RegistrationForm(request.who, request.POST, request.FILES) if posted else RegistrationForm(request.who)
    try:
        if posted and form.is_valid():
            kept = app_registrations.keep(request.who, form.given())
            messages.success(request, f"The app registration {kept.client_id} is kept. Its credential works.")
            return redirect(HOME)
    except BadInput as error:
        refuse(form, error)
    except (ChangedMeanwhile, CredentialsRejected, TryLater) as error:
        form.add_error(None, str(error))
    context = {"form": form, "guide": app_registrations.guide(request.who), "kept": bool(form.initial)}
    return render(request, "seatkeeper/onboarding/registration.html", context, status=422 if form.errors else 200)


@page(May.APPLICATIONS, methods=("POST",))
def forget(request: Asked) -> HttpResponse:
    app_registrations.forget(request.who)
    messages.success(request, "Forgotten. Tenants that have joined are read on.")
    return redirect(HOME)


@page(May.APPLICATIONS, methods=("GET", "POST"))
def add(request: Asked) -> HttpResponse:
    """A link for a customer; without an app registration there is none."""
    if app_registrations.find(request.who) is None:
        messages.warning(request, "Keep your app registration first: a link asks for consent to it.")
        return redirect(f"{HOME}/registration")
    form = LinkForm(request.who, request.POST) if request.method == "POST" else LinkForm(request.who)
    if request.method == "POST":
        made = attempt(form, lambda **_: consent_links.make(request.who, form.new()))
        if made is not None:
            return redirect(f"{HOME}/links/{made.pk}")
    return render(request, "seatkeeper/onboarding/add.html", {"form": form}, status=422 if form.errors else 200)


@page(May.APPLICATIONS)
def link(request: Asked, link_id: int) -> HttpResponse:
    """The address to send, while it can be answered, and what became of it."""
    found = consent_links.find(request.who, link_id)
    products = [catalogue.find_product(request.who, key).title for key in found.products]
    context = {"link": found, "address": consent_links.address(request.who, found), "products": products}
    return render(request, "seatkeeper/onboarding/link.html", context)


@page(May.APPLICATIONS, methods=("POST",))
def withdraw(request: Asked, link_id: int) -> HttpResponse:
    consent_links.withdraw(request.who, link_id)
    messages.success(request, "Withdrawn: nobody can answer it any more.")
    return redirect(f"{HOME}/links/{link_id}")


@page(May.APPLICATIONS, methods=("POST",))
def retry(request: Asked, link_id: int) -> HttpResponse:
    consent_links.retry(request.who, link_id)
    messages.success(request, "It is tried again now.")
    return redirect(f"{HOME}/links/{link_id}")


def consented(request: HttpRequest) -> HttpResponse:
    """Where the customer's administrator comes back to. They have no account here, and are told no more than needed."""
    answer = {name: request.GET.get(name, "")[:LONGEST] for name in ANSWERS}
    try:
        context = {"state": "done" if consent_links.arrive(answer) else "declined"}
    except BadInput:
        context = {"state": "not valid"}
    status = 400 if context["state"] == "not valid" else 200
    return render(request, "seatkeeper/onboarding/consented.html", context, status=status)
