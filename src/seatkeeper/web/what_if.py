"""What if the threshold were another one: both sides beside each other, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.insights.evidence import Activity
from seatkeeper.services import applications
from seatkeeper.services.members import May
from seatkeeper.services.what_if import EVERYBODY, Scope, WhatIf, what_if
from seatkeeper.web.applications import frame
from seatkeeper.web.charts import Chart, Part, bars
from seatkeeper.web.pages import Asked, page


@page()
def ask(request: Asked, application_id: int) -> HttpResponse:
    head, problem = frame(request, application_id, "findings"), ""
    now = applications.find(request.who, application_id).threshold_days
    try:
        threshold, scope = _to_threshold(request.GET, now), _to_scope(request.GET)
        found = what_if(request.who, application_id, threshold, scope)
    except BadInput as error:
        problem, threshold, scope = str(error), now, EVERYBODY
        found = what_if(request.who, application_id, now)
    context = {
        "found": found,
        "scope": scope,
        "threshold": threshold,
        "problem": problem,
        "rows": [(kind, found.today.counts[kind], found.then.counts[kind]) for kind in Activity],
        "chart": _to_chart(found),
        **head,
    }
    return render(request, "seatkeeper/findings/what_if.html", context, status=422 if problem else 200)


@page(May.APPLICATIONS, methods=("POST",))
def use(request: Asked, application_id: int) -> HttpResponse:
    """Take the threshold that was asked about."""
    threshold = _to_threshold(request.POST, 0)
    applications.edit_application(request.who, application_id, applications.Edit(threshold_days=threshold))
    messages.success(request, f"The threshold is {threshold} days from now on.")
    return redirect(f"/applications/{application_id}/what-if")


def _to_threshold(asked: Mapping[str, object], otherwise: int) -> int:
    text = str(asked.get("threshold", "")).strip() or str(otherwise)
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise BadInput("Threshold", f"{text[:20]!r} is not a number of days.")
    return int(text)


def _to_scope(asked: Mapping[str, object]) -> Scope:
    return Scope(str(asked.get("department", "")), str(asked.get("plan", "")))


def _to_chart(found: WhatIf) -> Chart:
    sides = (found.today, "tone-2"), (found.then, "tone-1")
    groups = [
        (kind.capitalize(), [Part(f"{side.threshold_days} days", side.counts[kind], tone) for side, tone in sides])
        for kind in Activity
    ]
    return bars("what-if", "People by threshold", groups)
