"""Any past day of an application, what changed between two, and the licence position for a true-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.model import to_text
from seatkeeper.services import applications, bundles, history
from seatkeeper.services.listings.base import Question
from seatkeeper.web.frame.listings import to_file
from seatkeeper.web.frame.pages import Asked, page

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

KINDS: Final = {
    "roster": "Roster of a day",
    "compare": "Compare two days",
    "position": "Licence position",
}


@page()
def index(request: Asked) -> HttpResponse:
    """Choose an application and a day; the answer stands below."""
    mine = applications.list_applications(request.who)
    kind = request.GET.get("show", "roster")
    context: dict[str, Any] = {"applications": mine, "kinds": KINDS.items(), "kind": kind, "chosen": None}
    if mine and kind in KINDS:
        chosen = _choose(request, mine)
        today, first = _today(), history.first_day(request.who, chosen.pk)
        context |= {"chosen": chosen, "first_day": first, "today": today.isoformat()}
        context["day"] = request.GET.get("day") or today.isoformat()
        context["before"] = request.GET.get("before") or (first or today).isoformat()
        if request.GET:  # else nothing was asked yet, and a day of a large roster takes its time
            try:
                context |= _page(request, chosen, kind, Question.read(dict(request.GET.lists()), ()))
            except BadInput as error:
                context["problem"] = str(error)
    return render(request, "seatkeeper/history/index.html", context, status=422 if context.get("problem") else 200)


@page()
def export_index(request: Asked, show: str, form: str) -> HttpResponseBase:
    """The same as a file."""
    mine = applications.list_applications(request.who)
    if show not in KINDS or not mine:
        raise Http404
    chosen = _choose(request, mine).pk
    day, before = _days(request, chosen)
    if show == "compare":
        return to_file(request.who, history.compare(request.who, chosen, before, day).changes, show, form)
    ask = history.position if show == "position" else history.roster_on
    return to_file(request.who, ask(request.who, chosen, day), show, form)


@page()
def position(request: Asked, application_id: int, day: str) -> HttpResponse:
    """The licence position of a day on one sheet, to print and to sign."""
    application = applications.find(request.who, application_id)
    table = history.position(request.who, application_id, history.to_day(day))
    context = {"application": application, "table": table, "day": day, "now": system_clock()}
    return render(request, "seatkeeper/history/position.html", context)


@page()
def bundle(request: Asked, application_id: int) -> HttpResponse:
    """Findings with all they follow from, as a signed file."""
    body = bundles.make_bundle(request.who, application_id)
    name = f"evidence-{application_id}-{_today()}.zip"
    return HttpResponse(
        body, content_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _choose(request: Asked, mine: list[Application]) -> Application:
    """The application that was asked for, else the first. Raises NotFound."""
    wanted = request.GET.get("application", str(mine[0].pk))
    found = next((application for application in mine if str(application.pk) == wanted), None)
    if found is None:
        raise NotFound("The application")
    return found


def _page(request: Asked, chosen: Application, kind: str, asked: Question) -> dict[str, Any]:
    """The rows of the page, how many there are in all, and for a comparison how many of each kind."""
    day, before = _days(request, chosen.pk)
    part = history.Slice((asked.page - 1) * asked.size, asked.size)
    counts: Mapping[str, int] = {}
    if kind == "compare":
        found = history.compare(request.who, chosen.pk, before, day, part)
        table, counts, total = found.changes, found.counts, sum(found.counts.values())
    elif kind == "position":
        table = history.position(request.who, chosen.pk, day)
        total = len(table.rows)
    else:
        table, total = history.roster_page(request.who, chosen.pk, day, part)
    pages = 1 if kind == "position" else max(1, -(-total // asked.size))
    return {
        "table": table.as_text(),
        "total": total,
        "counts": sorted(counts.items()),
        "page": asked.page,
        "pages": pages,
    }


def _days(request: Asked, application_id: int) -> tuple[date, date]:
    """The day that was asked for, and the one to compare it with. Raises BadInput."""
    day = history.to_day(request.GET.get("day") or _today().isoformat())
    if before := request.GET.get("before"):
        return day, history.to_day(before)
    return day, history.first_day(request.who, application_id) or day


def _today() -> date:
    return date.fromisoformat(to_text(system_clock())[:10])
