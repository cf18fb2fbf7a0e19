"""What if the threshold were different: both sides beside each other, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import applications
from seatkeeper.services.members import May
from seatkeeper.services.what_if import EVERYBODY, Activity, Scope, what_if
from seatkeeper.web.applications.index import frame
from seatkeeper.web.frame.charts import Part, bars
from seatkeeper.web.frame.pages import Asked, page


@page()
def ask(request: Asked, application_id: int) -> HttpResponse:
    head, problem = frame(request, application_id, "findings"), ""
    now = applications.find(request.who, application_id).threshold_days
    try:
        threshold = _to_threshold(request.GET, now)
        scope = Scope(request.GET.get("department", ""), request.GET.get("plan", ""))
        found = what_if(request.who, application_id, threshold, scope)
    except BadInput as error:
        problem, threshold, scope = str(error), now, EVERYBODY
        found = what_if(request.who, application_id, now)
    sides = (found.today, "tone-2"), (found.then, "tone-1")
    groups = [
        (kind.capitalize(), [Part(f"{side.threshold_days} days", side.counts[kind], tone) for side, tone in sides])
        for kind in Activity
    ]
    context = {
        "found": found,
        "scope": scope,
        "threshold": threshold,
        "problem": problem,
        "rows": [(kind, found.today.counts[kind], found.then.counts[kind]) for kind in Activity],
        "chart": bars("what-if", "People by threshold", groups),
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
        raise BadInput("threshold_days", f"{text[:20]!r} is not a number of days.")
    return int(text)
