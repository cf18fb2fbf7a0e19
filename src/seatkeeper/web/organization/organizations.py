"""The home of a service provider: every customer with how it stands, choosing one, and an operator's changes."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from seatkeeper.errors import NotFound
from seatkeeper.services import invitations, operators, organizations
from seatkeeper.services.listings import audit
from seatkeeper.services.listings import organizations as listing
from seatkeeper.services.members import SESSION_KEY, May, list_open
from seatkeeper.settings import SEATKEEPER
from seatkeeper.web.frame.forms import attempt
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page


class NameForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=organizations.LONGEST_NAME, widget=forms.TextInput({"class": "form-control"})
    )


class EmailForm(forms.Form):
    email = forms.CharField(
        label="E-mail address",
        max_length=150,
        widget=forms.EmailInput({"class": "form-control", "autocomplete": "off"}),
    )


@page(None)
def index(request: Asked) -> HttpResponseBase:
    return listing_page(request, "seatkeeper/organizations/index.html", listing.LISTING, listing.rows(request.who))


@page(None)
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listing.LISTING, listing.rows(request.who), form)


@page(None, methods=("POST",))
def enter(request: Asked, organization_id: int) -> HttpResponse:
    """Work in this organization from now on. Forms of the one before, open in other tabs, are not taken any more."""
    assert request.who.member_id is not None
    if all(membership.organization_id != organization_id for membership in list_open(request.who.member_id)):
        raise NotFound("This organization")
    request.session[SESSION_KEY] = organization_id
    rotate_token(request)
    to = request.POST.get("next", "")
    is_ours = to.startswith("/") and url_has_allowed_host_and_scheme(to, allowed_hosts=None)
    return redirect(to if is_ours else "/applications")


@page(May.OPERATE, methods=("GET", "POST"))
def add(request: Asked) -> HttpResponse:
    form = NameForm(request.POST or None)
    made = attempt(form, lambda name: organizations.add(request.who, name)) if form.is_bound else None
    if made:
        return _back(request, made.pk, f"{made} was added. Invite its administrator now.")
    return render(request, "seatkeeper/organizations/add.html", {"form": form}, status=422 if form.errors else 200)


@page(May.OPERATE)
def organization(request: Asked, organization_id: int) -> HttpResponse:
    found = organizations.find(request.who, organization_id)
    row = next(row for row in listing.rows(request.who) if row.pk == found.pk)
    context = {"row": row, "form": NameForm(initial={"name": found.name}), "columns": listing.LISTING.columns[1:]}
    return render(request, "seatkeeper/organizations/organization.html", context)


@page(May.OPERATE, methods=("POST",))
def rename(request: Asked, organization_id: int) -> HttpResponse:
    organizations.rename(request.who, organization_id, request.POST.get("name", ""))
    return _back(request, organization_id, "The organization was renamed.")


@page(May.OPERATE, methods=("POST",))
def archive(request: Asked, organization_id: int) -> HttpResponse:
    organizations.archive(request.who, organization_id)
    return _back(request, organization_id, "The organization was archived: nothing is read, and nobody gets in.")


@page(May.OPERATE, methods=("POST",))
def reactivate(request: Asked, organization_id: int) -> HttpResponse:
    organizations.reactivate(request.who, organization_id)
    return _back(request, organization_id, "The organization is active again.")


@page(May.OPERATE, methods=("POST",))
def invite_administrator(request: Asked, organization_id: int) -> HttpResponse:
    email = request.POST.get("email", "")
    link = organizations.invite_administrator(request.who, organization_id, email)
    return _show_link(request, email, link.path, f"/organizations/{organization_id}", joins=link.joins)


@page(May.OPERATE, methods=("GET", "POST"))
def list_operators(request: Asked) -> HttpResponse:
    form = EmailForm(request.POST or None)
    made = attempt(form, lambda email: (operators.add(request.who, email),)) if form.is_bound else None
    if made and made[0]:
        return _show_link(request, form.cleaned_data["email"], made[0], "/operators")
    if made:
        return redirect("/operators")
    context = {"operators": operators.rows(request.who), "form": form}
    return render(request, "seatkeeper/organizations/operators.html", context, status=422 if form.errors else 200)


@page(May.OPERATE, methods=("POST",))
def remove_operator(request: Asked, operator_id: int) -> HttpResponse:
    operators.remove(request.who, operator_id)
    return redirect("/operators")


@page(May.OPERATE)
def trail(request: Asked) -> HttpResponse:
    """What was done to the installation as a whole."""
    return listing_page(
        request, "seatkeeper/organizations/trail.html", audit.LISTING, audit.rows_of_installation(request.who)
    )


@page(May.OPERATE)
def export_trail(request: Asked, form: str) -> HttpResponseBase:
    return export(request, audit.LISTING, audit.rows_of_installation(request.who), form)


@page(None, methods=("GET", "POST"))
def join(request: Asked, token: str) -> HttpResponse:
    """Somebody who has a sign-in accepts an invitation to one more organization."""
    assert request.who.member_id is not None
    if request.method == "POST":
        joined = invitations.join(request.who.member_id, token)
        return enter(request, joined.organization_id)  # type: ignore[return-value]
    found = invitations.find_to_join(request.who.member_id, token)
    return render(request, "seatkeeper/organizations/join.html", {"membership": found})


def _show_link(request: Asked, email: str, path: str, back: str, *, joins: bool = False) -> HttpResponse:
    """Not after a redirect: the link is shown once and kept nowhere."""
    context = {"email": email, "link": SEATKEEPER.address.url + path, "joins": joins, "back": back}
    return render(request, "seatkeeper/organizations/link.html", context)


def _back(request: Asked, organization_id: int, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect(f"/organizations/{organization_id}")
