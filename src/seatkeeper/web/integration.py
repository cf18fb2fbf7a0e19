"""The Integration tab of an application: its tasks, how they run, and how far the history reaches."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from seatkeeper.connectors.catalog import TASKS
from seatkeeper.errors import BadInput
from seatkeeper.services import activity_reports, inventory, scheduling
from seatkeeper.services.listings import quarantine as quarantined
from seatkeeper.services.listings import runs as listed
from seatkeeper.services.members import May
from seatkeeper.web import coverage
from seatkeeper.web.applications import frame
from seatkeeper.web.listings import export, listing_page
from seatkeeper.web.live import Part, stream
from seatkeeper.web.pages import Asked, page

HOURS: Final = (
    (1, "every hour"), (4, "every 4 hours"), (8, "every 8 hours"), (12, "every 12 hours"), (24, "daily"),
    (48, "every 2 days"), (168, "weekly"),
)  # fmt: skip


@page()
def integration(request: Asked, application_id: int) -> HttpResponse:
    tasks = scheduling.list_tasks(request.who, application_id)
    history = inventory.sign_in_history(request.who, application_id)
    parts = coverage.stretches(history.coverage)
    context = {
        **frame(request, application_id, "integration"),
        "tasks": tasks,
        "busy": any(task.running or task.waiting for task in tasks),
        "hours": HOURS,
        "usual_hours": [hours for hours, _ in HOURS],
        "stretches": parts[::-1],
        "states": coverage.legend(parts),
        "bar": coverage.bar(parts),
        "lag": history.lag,
        "lateness": history.lateness,
        "may_report": May.USERS in request.who.may,
        "report": activity_reports.kept(request.who, application_id),
        "quarantined": quarantined.rows(request.who, application_id).count(),
    }
    return render(request, "seatkeeper/integration/index.html", context)


@page()
def events(request: Asked, application_id: int) -> HttpResponseBase:
    """What runs or waits for the application, until nothing does."""

    def look() -> Part:
        tasks = scheduling.list_tasks(request.who, application_id)
        busy = any(task.running or task.waiting for task in tasks)
        return Part(render_to_string("seatkeeper/integration/now.html", {"tasks": tasks}), ended=not busy)

    look()  # an application that is not there is not found now, not inside the stream
    return stream(look)


@page()
def runs(request: Asked, application_id: int) -> HttpResponse:
    about = "Every reading of the tenant, with the one word it ended as."
    rows = listed.rows(request.who, application_id)
    context = {**frame(request, application_id, "integration"), "about": about}
    return listing_page(request, "seatkeeper/applications/listing.html", listed.LISTING, rows, **context)


@page()
def export_runs(request: Asked, application_id: int, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who, application_id), form)


@page()
def quarantine(request: Asked, application_id: int) -> HttpResponse:
    about = "Rows that Microsoft sent and we did not understand. They are tried again with every new version."
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
    ticked = [state.task.key for state in scheduling.list_tasks(request.who, application_id) if state.task.enabled]
    for each in [key] if key else ticked:
        scheduling.run_now(request.who, application_id, each, full=full)
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def stop(request: Asked, application_id: int) -> HttpResponse:
    key = request.POST.get("task", "")
    scheduling.stop(request.who, application_id, key)
    messages.info(request, f"{TASKS[key].title} stops at the end of the page that it is reading.")
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def pause(request: Asked, application_id: int) -> HttpResponse:
    scheduling.pause(request.who, application_id, request.POST.get("task", ""))
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def resume(request: Asked, application_id: int) -> HttpResponse:
    scheduling.resume(request.who, application_id, request.POST.get("task", ""))
    return _back(application_id)


@page(May.APPLICATIONS, methods=("POST",))
def schedule(request: Asked, application_id: int) -> HttpResponse:
    hours = request.POST.get("every_hours", "")
    if not hours.isascii() or not hours.isdigit() or len(hours) > 4:
        raise BadInput("every_hours", "Choose how often the task shall run.")
    scheduling.set_schedule(request.who, application_id, request.POST.get("task", ""), int(hours))
    messages.success(request, "The schedule is changed.")
    return _back(application_id)


def _back(application_id: int) -> HttpResponse:
    return redirect(f"/applications/{application_id}/integration")
