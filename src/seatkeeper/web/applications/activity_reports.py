"""Uploading the admin centre's activity report of an application."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services import activity_reports
from seatkeeper.services.activity_reports import LARGEST, UsageReport
from seatkeeper.services.members import May
from seatkeeper.web.applications.index import frame
from seatkeeper.web.frame.pages import Asked, page


@page(May.USERS, methods=("GET", "POST"))
def upload(request: Asked, application_id: int) -> HttpResponse:
    """Taken whole or not at all: what is wrong is shown row by row."""
    if (form := activity_reports.find_form(request.who, application_id)) is None:
        raise NotFound("The activity report")
    if request.method != "POST":
        return _form(request, application_id, form)
    file, period = request.FILES.get("file"), request.POST.get("period", "")
    if file is None or file.size is None or file.size > LARGEST:
        return _form(request, application_id, form, "Choose a file of at most 10 MB.")
    told: dict[str, Any] = {
        "body": file.read(),
        "name": file.name or "The file",
        "period": int(period) if period in map(str, form.periods) else None,
        "until": request.POST.get("until", "")[:40],
        "anyway": "anyway" in request.POST,
    }
    try:
        found = activity_reports.preview(request.who, application_id, **told)
        if found.errors:
            return _form(request, application_id, form, "Nothing was imported.", found)
        activity_reports.import_report(request.who, application_id, **told)
    except BadInput as error:
        return _form(request, application_id, form, error.first.sentence)
    message = f"The report of {len(found.rows):,} people was imported."
    if found.unknown:
        names = ", ".join(found.unknown[: activity_reports.SHOWN])
        more = " and others" if len(found.unknown) > activity_reports.SHOWN else ""
        message += f" {len(found.unknown):,} of them hold no seat here: {names}{more}."
    message += f" {found.taken}"
    message += "".join(f" Row {note.number}: {note.message}" for note in found.notes[: activity_reports.SHOWN])
    messages.success(request, message)
    return redirect(f"/applications/{application_id}/users")


def _form(
    request: Asked,
    application_id: int,
    form: UsageReport,
    problem: str = "",
    found: activity_reports.Report | None = None,
) -> HttpResponse:
    context = {
        **frame(request, application_id, "integration"),
        "problem": problem[:1].upper() + problem[1:],
        "errors": found.errors[:1000] if found else (),
        "report": form,
        "kept": activity_reports.kept(request.who, application_id),
        "periods": form.periods,
        "chosen": request.POST.get("period", ""),
        "until": request.POST.get("until", "")[:40],
    }
    return render(request, "seatkeeper/integration/activity_report.html", context, status=422 if problem else 200)
