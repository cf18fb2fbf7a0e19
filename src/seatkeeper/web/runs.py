"""A run: how it stands or ended, and the decision about one that is held."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from seatkeeper.connectors.catalog import TASKS
from seatkeeper.model import Word
from seatkeeper.services import applications, syncs
from seatkeeper.services.members import May
from seatkeeper.store.models import Run
from seatkeeper.web.live import Part, stream
from seatkeeper.web.pages import Asked, page


@page()
def run(request: Asked, run_id: int) -> HttpResponse:
    found = syncs.find_run(request.who, run_id)
    mine = applications.list_applications(request.who)
    readers = [each for each in mine if each.connection_id == found.task.connection_id]
    context = {**_context(found), "applications": readers, "may_manage": May.APPLICATIONS in request.who.may}
    return render(request, "seatkeeper/integration/run.html", context)


@page()
def events(request: Asked, run_id: int) -> HttpResponseBase:
    """The run as it goes on, until it has ended."""

    def look() -> Part:
        found = syncs.find_run(request.who, run_id)
        html = render_to_string("seatkeeper/integration/run_part.html", _context(found))
        return Part(html, ended=found.word != Word.RUNNING)

    look()  # a run that is not there is not found now, not inside the stream
    return stream(look)


def _context(run: Run) -> dict[str, object]:
    return {"run": run, "title": TASKS[run.task.key].title, "running": run.word == Word.RUNNING}


@page(May.APPLICATIONS, methods=("POST",))
def confirm(request: Asked, run_id: int) -> HttpResponse:
    syncs.confirm_run(request.who, run_id)
    messages.success(request, "The run is published.")
    return redirect(f"/runs/{run_id}")


@page(May.APPLICATIONS, methods=("POST",))
def discard(request: Asked, run_id: int) -> HttpResponse:
    syncs.discard_run(request.who, run_id)
    messages.success(request, "What the run read is thrown away; the roster stays as it was.")
    return redirect(f"/runs/{run_id}")
