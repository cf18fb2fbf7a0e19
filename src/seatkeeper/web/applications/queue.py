"""The queue: what is being run, what waits, and what can be done about it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from seatkeeper.errors import BadInput
from seatkeeper.services import tasks
from seatkeeper.services.listings import queue as listed
from seatkeeper.services.members import May
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page


@page()
def index(request: Asked) -> HttpResponse:
    context = {"may_cancel": May.APPLICATIONS in request.who.may}
    return listing_page(request, "seatkeeper/queue.html", listed.LISTING, listed.rows(request.who), **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who), form)


@page(May.APPLICATIONS, methods=("POST",))
def cancel(request: Asked, task_id: int) -> HttpResponse:
    try:
        tasks.cancel(request.who, task_id)
    except BadInput as problem:
        messages.error(request, problem.first.sentence)
    else:
        messages.success(request, "It is cancelled: a run under way ends at its next page.")
    return redirect("/queue")
