"""Exceptions of an application: who or what findings leave alone, why, and until when."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.insights.exempt import SCOPES
from seatkeeper.model import Instant
from seatkeeper.services import decisions
from seatkeeper.services.decisions import NewExemption
from seatkeeper.services.members import May
from seatkeeper.web.applications import frame
from seatkeeper.web.findings import back
from seatkeeper.web.pages import Asked, page


@page()
def exceptions(request: Asked, application_id: int) -> HttpResponse:
    return _show(request, application_id)


@page(May.LICENSES, methods=("POST",))
def add(request: Asked, application_id: int) -> HttpResponse:
    typed = {key: request.POST.get(key, "") for key in ("scope", "value", "reason", "finding")}
    try:
        new = NewExemption(**typed, until=decisions.to_end(request.POST.get("until", "")))
        made = decisions.exempt(request.who, application_id, new)
    except BadInput as error:
        return _show(request, application_id, error)
    messages.success(request, f"“{made.label}” is excepted.")
    return redirect(f"/applications/{application_id}/exceptions")


@page(May.LICENSES, methods=("POST",))
def end(request: Asked, exemption_id: int) -> HttpResponse:
    decisions.end_exemption(request.who, exemption_id)
    messages.success(request, "The exception is ended: what it covered is open again.")
    return redirect(back(request, "/findings"))


def _show(request: Asked, application_id: int, problem: BadInput | None = None) -> HttpResponse:
    head, now = frame(request, application_id, "findings"), system_clock()
    rows = decisions.list_exemptions(request.who, application_id)
    context = {
        "rows": [(row, *_to_end(row.until, now)) for row in rows],
        "insights": INSIGHTS,
        "scopes": SCOPES,
        "may_decide": May.LICENSES in request.who.may,
        "problem": problem,
        "typed": request.POST or {"scope": "person"},
        **head,
    }
    return render(request, "seatkeeper/findings/exceptions.html", context, status=422 if problem else 200)


def _to_end(until: Instant | None, now: Instant) -> tuple[Instant | None, bool]:
    """The last moment, which lies on the last day, and whether it is over."""
    return (None, False) if until is None else (until - 1, until <= now)
