"""A run: how it stands or ended, and the decision about one that is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from seatkeeper.model import RunStatus
from seatkeeper.services import applications, runs
from seatkeeper.services.members import May
from seatkeeper.services.tasks import title_of
from seatkeeper.web.frame.live import Part, stream
from seatkeeper.web.frame.pages import Asked, page

if TYPE_CHECKING:
    from seatkeeper.store.models import Run


@page()
def run(request: Asked, run_id: int) -> HttpResponse:
    found = runs.find_run(request.who, run_id)
    mine = applications.list_applications(request.who)
    readers = [each for each in mine if each.connection_id == found.task.connection_id]
    context = {**_context(found), "applications": readers, "may_manage": May.APPLICATIONS in request.who.may}
    return render(request, "seatkeeper/integration/run.html", context)


@page()
def events(request: Asked, run_id: int) -> HttpResponseBase:
    """The run as it goes on, until it has ended."""

    def look() -> Part:
        found = runs.find_run(request.who, run_id)
        html = render_to_string("seatkeeper/integration/run_part.html", _context(found))
        return Part(html, ended=found.status != RunStatus.RUNNING)

    look()  # a run that is not there is not found now, not inside the stream
    return stream(request.who, look)


def _context(run: Run) -> dict[str, object]:
    return {"run": run, "title": title_of(run.task), "running": run.status == RunStatus.RUNNING}


@page(May.APPLICATIONS, methods=("POST",))
def confirm(request: Asked, run_id: int) -> HttpResponse:
    runs.confirm_run(request.who, run_id)
    messages.success(request, "The run was published.")
    return redirect(f"/runs/{run_id}")


@page(May.APPLICATIONS, methods=("POST",))
def discard(request: Asked, run_id: int) -> HttpResponse:
    runs.discard_run(request.who, run_id)
    messages.success(request, "The run was discarded; the roster stays as it was.")
    return redirect(f"/runs/{run_id}")
