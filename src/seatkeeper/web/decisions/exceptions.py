"""Exceptions of an application: who or what findings leave alone, why, and until when."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.services import exceptions as service
from seatkeeper.services.exceptions import SCOPES, NewException
from seatkeeper.services.findings import INSIGHTS
from seatkeeper.services.members import May
from seatkeeper.web.applications.index import frame
from seatkeeper.web.decisions.findings import back
from seatkeeper.web.frame.pages import Asked, page


@page()
def exceptions(request: Asked, application_id: int) -> HttpResponse:
    return _show(request, application_id)


@page(May.LICENSES, methods=("POST",))
def add(request: Asked, application_id: int) -> HttpResponse:
    typed = {key: request.POST.get(key, "") for key in ("scope", "value", "reason", "finding")}
    try:
        new = NewException(**typed, until=service.to_end(request.POST.get("until", "")))
        made = service.exempt(request.who, application_id, new)
    except BadInput as error:
        return _show(request, application_id, error)
    messages.success(request, f"“{made.label}” is covered by an exception now.")
    return redirect(f"/applications/{application_id}/exceptions")


@page(May.LICENSES, methods=("POST",))
def end(request: Asked, exemption_id: int) -> HttpResponse:
    service.end_exception(request.who, exemption_id)
    messages.success(request, "The exception was ended: its findings are open again.")
    return redirect(back(request, "/findings"))


def _show(request: Asked, application_id: int, problem: BadInput | None = None) -> HttpResponse:
    head, now = frame(request, application_id, "findings"), system_clock()
    rows = service.list_exceptions(request.who, application_id)
    context = {
        # With the last moment, which lies on the last day, and whether it is over.
        "rows": [(row, row.until and row.until - 1, row.until is not None and row.until <= now) for row in rows],
        "insights": INSIGHTS,
        "scopes": SCOPES,
        "may_decide": May.LICENSES in request.who.may,
        "problem": problem,
        "typed": request.POST or {"scope": "person"},
        **head,
    }
    return render(request, "seatkeeper/findings/exceptions.html", context, status=422 if problem else 200)
