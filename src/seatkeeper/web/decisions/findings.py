"""Findings across applications, the history of each, and what people decide about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from seatkeeper.errors import BadInput
from seatkeeper.services import exceptions, views
from seatkeeper.services import findings as service
from seatkeeper.services.exceptions import NewException
from seatkeeper.services.findings import INSIGHTS
from seatkeeper.services.listings import findings as listed
from seatkeeper.services.members import May
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page

if TYPE_CHECKING:
    from seatkeeper.store.models import Finding

ACTIONS = "seatkeeper/findings/action.html"


@page()
def index(request: Asked) -> HttpResponse:
    rows = listed.rows(request.who)
    context = {
        "views": views.rows(request.who, listed.LISTING.key),
        "row_actions": ACTIONS if May.LICENSES in request.who.may else "",
    }
    return listing_page(request, "seatkeeper/findings/index.html", listed.ACROSS, rows, **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.ACROSS, listed.rows(request.who), form)


@page()
def finding(request: Asked, finding_id: int) -> HttpResponse:
    """What it says, its evidence, and its history."""
    return _show(request, service.find_finding(request.who, finding_id))


@page(May.LICENSES, methods=("POST",))
def accept(request: Asked, finding_id: int) -> HttpResponse:
    service.accept(request.who, finding_id, request.POST.get("note", ""))
    messages.success(request, "Accepted: the finding is resolved when a later roster no longer shows it.")
    return redirect(back(request, f"/findings/{finding_id}"))


@page(May.LICENSES, methods=("POST",))
def reopen(request: Asked, finding_id: int) -> HttpResponse:
    service.reopen(request.who, finding_id, request.POST.get("note", ""))
    messages.success(request, "The finding is open again.")
    return redirect(back(request, f"/findings/{finding_id}"))


@page(May.LICENSES, methods=("POST",))
def except_one(request: Asked, finding_id: int) -> HttpResponse:
    """Except the finding's person, or its SKU where there is no person, from this insight."""
    found = service.find_finding(request.who, finding_id)
    try:
        until = exceptions.to_end(request.POST.get("until", ""))
        about = ("person", found.object_id) if found.object_id else ("sku", found.subject.partition(" ")[0])
        new = NewException(*about, request.POST.get("reason", ""), found.key, until)
        exceptions.exempt(request.who, found.application_id, new)
    except BadInput as error:
        return _show(request, found, error)
    messages.success(request, "The exception was made: the finding is set aside until it ends.")
    return redirect(back(request, f"/findings/{finding_id}"))


def _show(request: Asked, found: Finding, problem: BadInput | None = None) -> HttpResponse:
    events = service.list_events(request.who, found.pk)
    context = {
        "finding": found,
        "doubt": events[-1].note if events else "",
        "question": next((insight.question for insight in INSIGHTS if insight.key == found.key), ""),
        "events": events,
        "may_decide": May.LICENSES in request.who.may,
        "problems": {each.field: each.sentence for each in problem.problems} if problem else {},
        "typed": request.POST,
    }
    return render(request, "seatkeeper/findings/finding.html", context, status=422 if problem else 200)


def back(request: Asked, otherwise: str) -> str:
    """The page of ours that the form stood on."""
    wanted = request.POST.get("back", "")
    return wanted if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None) else otherwise
