"""Suspicious SaaS Activities across applications, and recognizing one of them."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.clock import days
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant, to_instant
from seatkeeper.services import suspicious, views
from seatkeeper.services.listings import suspicious as listed
from seatkeeper.services.members import May
from seatkeeper.web.listings import export, listing_page
from seatkeeper.web.pages import Asked, page


@page()
def index(request: Asked) -> HttpResponse:
    may_recognize = May.USERS in request.who.may
    context = {
        "views": views.rows(request.who, listed.ACROSS.key),
        "row_actions": "seatkeeper/suspicious/action.html" if may_recognize else "",
    }
    rows = listed.rows(request.who)
    return listing_page(request, "seatkeeper/suspicious/index.html", listed.ACROSS, rows, **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.ACROSS, listed.rows(request.who), form)


@page(May.USERS, methods=("GET", "POST"))
def recognize(request: Asked) -> HttpResponse:
    """Say why somebody may use an application, and until when."""
    asked = request.POST if request.method == "POST" else request.GET
    application_id, object_id = _to_number(str(asked.get("application", ""))), str(asked.get("account", ""))
    problem: BadInput | None = None
    if request.method == "POST":
        try:
            until = _to_end(str(asked.get("until", "")))
            suspicious.recognize(request.who, application_id, object_id, str(asked.get("reason", "")), until)
        except BadInput as error:
            problem = error
        else:
            messages.success(request, "The activity is recognized.")
            return redirect("/suspicious")
    context = {
        "stranger": suspicious.find(request.who, application_id, object_id),
        "recognition": suspicious.find_recognition(request.who, application_id, object_id),
        "problems": {problem.field: str(problem).partition(": ")[2]} if problem else {},
        "typed": asked,
    }
    return render(request, "seatkeeper/suspicious/recognize.html", context, status=422 if problem else 200)


@page(May.USERS, methods=("POST",))
def unrecognize(request: Asked) -> HttpResponse:
    application_id = _to_number(request.POST.get("application", ""))
    suspicious.unrecognize(request.who, application_id, request.POST.get("account", ""))
    messages.success(request, "The activity is open again.")
    return redirect("/suspicious")


def _to_number(text: str) -> int:
    """An id; whatever is none is the id of nothing."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _to_end(text: str) -> Instant | None:
    """The end of the chosen day, in UTC; None for no day."""
    if not text:
        return None
    try:
        return to_instant(f"{date.fromisoformat(text).isoformat()}T00:00:00Z") + days(1)
    except ValueError:
        raise BadInput("until", "This is not a day. Write it like 2027-03-31.") from None
