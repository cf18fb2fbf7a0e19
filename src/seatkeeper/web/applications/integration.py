"""The Integration tab of an application: its tasks, how they run, and how far the history reaches."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.services import activity_reports, tasks
from seatkeeper.services.coverage import lag_in_words, sign_in_coverage
from seatkeeper.services.listings import quarantine as quarantined
from seatkeeper.services.listings import runs as listed
from seatkeeper.services.members import May
from seatkeeper.web.applications import coverage
from seatkeeper.web.applications.index import frame
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.live import Part, stream
from seatkeeper.web.frame.pages import Asked, page

HOURS: Final = (
    (1, "every hour"), (4, "every 4 hours"), (8, "every 8 hours"), (12, "every 12 hours"), (24, "daily"),
    (48, "every 2 days"), (168, "weekly"),
)  # fmt: skip


@page()
def integration(request: Asked, application_id: int) -> HttpResponse:
    states = tasks.list_tasks(request.who, application_id)
    history = sign_in_coverage(request.who, application_id)
    context = {
        **frame(request, application_id, "integration"),
        "tasks": states,
        "busy": any(task.running or task.waiting for task in states),
        "hours": HOURS,
        "usual_hours": [hours for hours, _ in HOURS],
        "history": history,
        "stretches": history.stretches[::-1],
        "states": coverage.legend(history.stretches),
        "bar": coverage.bar(history.stretches),
        "lag": lag_in_words(history, system_clock()),
        "may_report": May.USERS in request.who.may,
        "report_form": activity_reports.find_form(request.who, application_id),
        "report": activity_reports.kept(request.who, application_id),
        "quarantined": quarantined.rows(request.who, application_id).count(),
    }
    return render(request, "seatkeeper/integration/index.html", context)


@page()
def events(request: Asked, application_id: int) -> HttpResponseBase:
    """What runs or waits for the application, until nothing does."""

    def look() -> Part:
        states = tasks.list_tasks(request.who, application_id)
        busy = any(task.running or task.waiting for task in states)
        return Part(render_to_string("seatkeeper/integration/now.html", {"tasks": states}), ended=not busy)

    look()  # an application that is not there is not found now, not inside the stream
    return stream(request.who, look)


@page()
def runs(request: Asked, application_id: int) -> HttpResponse:
    about = "Every run, with the status in which it ended."
    rows = listed.rows(request.who, application_id)
    context = {**frame(request, application_id, "integration"), "about": about}
    return listing_page(request, "seatkeeper/applications/listing.html", listed.LISTING, rows, **context)


@page()
def export_runs(request: Asked, application_id: int, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who, application_id), form)


@page()
def quarantine(request: Asked, application_id: int) -> HttpResponse:
    about = "Rows from the vendor that were not understood. They are tried again with every new version."
    rows = quarantined.rows(request.who, application_id)
    context = {**frame(request, application_id, "integration"), "about": about}
    return listing_page(request, "seatkeeper/applications/listing.html", quarantined.LISTING, rows, **context)


@page()
def export_quarantine(request: Asked, application_id: int, form: str) -> HttpResponseBase:
    return export(request, quarantined.LISTING, quarantined.rows(request.who, application_id), form)


@page(May.APPLICATIONS, methods=("POST",))
def run(request: Asked, application_id: int) -> HttpResponse:
    """One task, or without a name all that are ticked."""
    key, full = request.POST.get("task", ""), request.POST.get("full") == "yes"
    ticked = [state.task.key for state in tasks.list_tasks(request.who, application_id) if state.task.enabled]
    for each in [key] if key else ticked:
        tasks.run_now(request.who, application_id, each, full=full)
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def stop(request: Asked, application_id: int) -> HttpResponse:
    tasks.stop(request.who, application_id, request.POST.get("task", ""))
    messages.info(request, "The task stops at the end of the page it is reading.")
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def pause(request: Asked, application_id: int) -> HttpResponse:
    tasks.pause(request.who, application_id, request.POST.get("task", ""))
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def resume(request: Asked, application_id: int) -> HttpResponse:
    tasks.resume(request.who, application_id, request.POST.get("task", ""))
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def schedule(request: Asked, application_id: int) -> HttpResponse:
    hours = request.POST.get("every_hours", "")
    if not hours.isascii() or not hours.isdigit() or len(hours) > 4:
        raise BadInput("every_hours", "Choose how often the task runs.")
    tasks.set_schedule(request.who, application_id, request.POST.get("task", ""), int(hours))
    messages.success(request, "The schedule was changed.")
    return _back(application_id)


def _back(application_id: int) -> HttpResponse:
    return redirect(f"/applications/{application_id}/integration")
