"""Suspicious SaaS Activities across applications, and recognizing one of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import suspicious, views
from seatkeeper.services.exceptions import to_end
from seatkeeper.services.listings import suspicious as listed
from seatkeeper.services.members import May
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page


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
            until = to_end(str(asked.get("until", "")))
            suspicious.recognize(request.who, application_id, object_id, str(asked.get("reason", "")), until)
        except BadInput as error:
            problem = error
        else:
            messages.success(request, "The activity was recognized.")
            return redirect("/suspicious")
    context = {
        "unlicensed_user": suspicious.find(request.who, application_id, object_id),
        "recognition": suspicious.find_recognition(request.who, application_id, object_id),
        "problems": {each.field: each.sentence for each in problem.problems} if problem else {},
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
