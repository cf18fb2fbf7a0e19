"""Administration: members with their roles, single sign-on, the audit trail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.services import invitations, memberships
from seatkeeper.services.listings import audit as audit_listing
from seatkeeper.services.listings import members as members_listing
from seatkeeper.services.members import ROLES, May
from seatkeeper.settings import SEATKEEPER
from seatkeeper.web.accounts.forms import InviteForm, RoleForm
from seatkeeper.web.accounts.single_sign_on.provider import callback_url
from seatkeeper.web.frame.forms import attempt
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page


@page(May.MEMBERS)
def members(request: Asked) -> HttpResponse:
    roles = [(role, [may.words for may in May if may in allowed]) for role, allowed in ROLES.items()]
    listing, rows = members_listing.LISTING, members_listing.rows(request.who)
    return listing_page(request, "seatkeeper/members.html", listing, rows, roles=roles)


@page(May.MEMBERS)
def members_export(request: Asked, form: str) -> HttpResponseBase:
    return export(request, members_listing.LISTING, members_listing.rows(request.who), form)


@page(May.MEMBERS, methods=("GET", "POST"))
def invite(request: Asked) -> HttpResponse:
    form = InviteForm(request.POST or None)
    link = attempt(form, lambda **chosen: memberships.invite(request.who, **chosen)) if form.is_bound else None
    if link:
        return _show_link(request, form.cleaned_data["email"], link)
    return render(request, "seatkeeper/invite.html", {"form": form}, status=422 if form.errors else 200)


@page(May.MEMBERS)
def member(request: Asked, membership_id: int) -> HttpResponse:
    found = memberships.find(request.who, membership_id)
    context = {
        "member": found,
        "form": RoleForm(initial={"role": found.role}),
        "opens_more": invitations.opens_more(request.who, found),
    }
    return render(request, "seatkeeper/member.html", context)


@page(May.MEMBERS, methods=("POST",))
def change_role(request: Asked, membership_id: int) -> HttpResponse:
    memberships.change_role(request.who, membership_id, request.POST.get("role", ""))
    return _back(
        request,
        membership_id,
        "The role was changed. The member signs in again; tokens that may do more ended.",
    )


@page(May.MEMBERS, methods=("POST",))
def deactivate(request: Asked, membership_id: int) -> HttpResponse:
    memberships.deactivate(request.who, membership_id)
    return _back(request, membership_id, "The member was deactivated and signed out everywhere.")


@page(May.MEMBERS, methods=("POST",))
def reactivate(request: Asked, membership_id: int) -> HttpResponse:
    memberships.reactivate(request.who, membership_id)
    return _back(
        request,
        membership_id,
        "The member is active again, and needs a new link or comes by single sign-on.",
    )


@page(May.MEMBERS, methods=("POST",))
def new_link(request: Asked, membership_id: int) -> HttpResponse:
    link = memberships.new_link(request.who, membership_id)
    return _show_link(request, memberships.find(request.who, membership_id).member.email, link)


@page(May.MEMBERS, methods=("POST",))
def remove(request: Asked, membership_id: int) -> HttpResponse:
    memberships.remove(request.who, membership_id)
    messages.success(request, "The member was removed.")
    return redirect("/members")


@page(May.MEMBERS)
def audit(request: Asked) -> HttpResponse:
    listing = audit_listing.listing(request.who)
    return listing_page(request, "seatkeeper/audit.html", listing, audit_listing.rows(request.who))


@page(May.MEMBERS)
def audit_export(request: Asked, form: str) -> HttpResponseBase:
    return export(request, audit_listing.listing(request.who), audit_listing.rows(request.who), form)


@page(May.MEMBERS)
def single_sign_on(request: Asked) -> HttpResponse:
    context = {"chosen": SEATKEEPER.single_sign_on, "callback": callback_url()}
    return render(request, "seatkeeper/single_sign_on.html", context)


def _show_link(request: Asked, email: str, link: invitations.Link) -> HttpResponse:
    """Not after a redirect: the link is shown once and kept nowhere."""
    context = {"email": email, "link": SEATKEEPER.address.url + link.path, "made": link}
    return render(request, "seatkeeper/link.html", context)


def _back(request: Asked, membership_id: int, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect(f"/members/{membership_id}")
