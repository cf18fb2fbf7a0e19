"""Any past day of an application, what changed between two, and the licence position for a true-up."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.model import to_text
from seatkeeper.services import applications, bundles, history
from seatkeeper.services.tables import Table
from seatkeeper.store.models import Application
from seatkeeper.web.listings import to_file
from seatkeeper.web.pages import Asked, page

KINDS: Final = {
    "roster": "Roster of a day",
    "compare": "Compare two days",
    "position": "Licence position",
}
SHOWN: Final = 1000  # rows on a page; a file holds all


@page()
def index(request: Asked) -> HttpResponse:
    """Choose an application and a day; the answer stands below."""
    mine = applications.list_applications(request.who)
    kind = request.GET.get("show", "roster")
    context: dict[str, Any] = {"applications": mine, "kinds": KINDS.items(), "kind": kind, "chosen": None}
    if mine and kind in KINDS:
        context |= _answer(request, _choose(request, mine), kind)
    return render(request, "seatkeeper/history/index.html", context, status=422 if context.get("problem") else 200)


@page()
def export_index(request: Asked, show: str, form: str) -> HttpResponseBase:
    """The same as a file."""
    mine = applications.list_applications(request.who)
    if show not in KINDS or not mine:
        raise Http404
    table, _counts = _ask(request, _choose(request, mine), show, _today())
    return to_file(table, show, form)


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


def _answer(request: Asked, chosen: Application, kind: str) -> dict[str, Any]:
    today, first = _today(), history.first_day(request.who, chosen.pk)
    told: dict[str, Any] = {"chosen": chosen, "first_day": first, "today": today.isoformat()}
    told["day"] = request.GET.get("day") or today.isoformat()
    told["before"] = request.GET.get("before") or (first or today).isoformat()
    if not request.GET:
        return told  # nothing was asked yet, and a day of a large roster takes its time
    try:
        table, counts = _ask(request, chosen, kind, today)
    except BadInput as error:
        return told | {"problem": str(error)}
    return told | {
        "table": Table(table.columns, list(table.written())[:SHOWN]),
        "total": len(table.rows),
        "shown": min(SHOWN, len(table.rows)),
        "counts": sorted(counts.items()),
    }


def _ask(request: Asked, chosen: Application, kind: str, today: date) -> tuple[Table, dict[str, int]]:
    """The rows, and for a comparison how many of each kind. Raises BadInput."""
    day = history.to_day(request.GET.get("day") or today.isoformat())
    if kind == "compare":
        first = history.first_day(request.who, chosen.pk)
        before = history.to_day(request.GET.get("before") or (first or day).isoformat())
        found = history.compare(request.who, chosen.pk, before, day)
        return found.changes, found.counts
    ask = history.position if kind == "position" else history.roster_on
    return ask(request.who, chosen.pk, day), {}


def _today() -> date:
    return date.fromisoformat(to_text(system_clock())[:10])
