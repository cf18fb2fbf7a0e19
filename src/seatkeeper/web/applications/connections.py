"""Tenants: the connections with what is managed of each, and more products for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import additions, addresses, connections, history
from seatkeeper.services import true_up as service
from seatkeeper.services.listings import connections as listed
from seatkeeper.services.listings import everywhere, positions
from seatkeeper.services.listings import people as listed_people
from seatkeeper.services.members import May
from seatkeeper.web.frame.listings import export, listing_page, to_file
from seatkeeper.web.frame.pages import Asked, page


@page()
def index(request: Asked) -> HttpResponse:
    """All tenants that are read, or the step to the first."""
    rows = listed.rows(request.who)
    context = {"any": bool(rows), "may_manage": May.APPLICATIONS in request.who.may}
    return listing_page(request, "seatkeeper/connections/index.html", listed.LISTING, rows, **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who), form)


@page()
def connection(request: Asked, connection_id: int) -> HttpResponse:
    """The applications of a tenant, how each signal of them is read, and what could be managed besides."""
    return _page(request, connection_id)


@page()
def people(request: Asked, connection_id: int) -> HttpResponse:
    """Everybody with a seat of anything that is managed of the tenant, each once."""
    context = {"connection": connections.find(request.who, connection_id)}
    rows = listed_people.rows(request.who, connection_id)
    return listing_page(request, "seatkeeper/connections/people.html", listed_people.LISTING, rows, **context)


@page()
def export_people(request: Asked, connection_id: int, form: str) -> HttpResponseBase:
    return export(request, listed_people.LISTING, listed_people.rows(request.who, connection_id), form)


@page()
def position(request: Asked, connection_id: int) -> HttpResponse:
    """What the tenant has of every product, each SKU counted once."""
    rows = positions.rows(request.who, connection_id)
    context = {"connection": connections.find(request.who, connection_id), "totals": positions.total(rows)}
    return listing_page(request, "seatkeeper/connections/position.html", positions.LISTING, rows, **context)


@page()
def export_position(request: Asked, connection_id: int, form: str) -> HttpResponseBase:
    return export(request, positions.LISTING, positions.rows(request.who, connection_id), form)


@page()
def true_up(request: Asked, connection_id: int) -> HttpResponse:
    """The highest and the last number of assigned seats in the days that were asked for; else in the last year."""
    context: dict[str, Any] = {"connection": connections.find(request.who, connection_id)}
    context |= {"first": request.GET.get("first", ""), "last": request.GET.get("last", "")}
    try:
        found = service.true_up(request.who, connection_id, *_days(request))
        context |= {"found": found, "first": found.first.isoformat(), "last": found.last.isoformat()}
    except BadInput as error:
        context["problem"] = error.first.sentence
    status = 422 if context.get("problem") else 200
    return render(request, "seatkeeper/connections/true_up.html", context, status=status)


@page()
def export_true_up(request: Asked, connection_id: int, form: str) -> HttpResponseBase:
    table = service.true_up(request.who, connection_id, *_days(request)).table
    return to_file(request.who, table, "true-up", form)


def _days(request: Asked) -> list[date | None]:
    """The first and the last day, where they were asked for. Raises BadInput."""
    return [history.to_day(text) if (text := request.GET.get(name)) else None for name in ("first", "last")]


@page()
def person(request: Asked, connection_id: int, object_id: str) -> HttpResponse:
    """What each signal says of each product that somebody has. Reading it is noted in the audit trail."""
    found = everywhere.read(request.who, connection_id, object_id)
    return render(request, "seatkeeper/connections/person.html", {"person": found, "connection": found.connection})


@page(May.APPLICATIONS, methods=("POST",))
def add_products(request: Asked, connection_id: int) -> HttpResponse:
    """What would change; it is changed when that was confirmed."""
    products = request.POST.getlist("products")
    try:
        if request.POST.get("confirmed") != "yes":
            changes = additions.preview(request.who, connection_id, products)
            found = connections.find(request.who, connection_id)
            context = {"connection": found, "changes": changes, "products": products}
            return render(request, "seatkeeper/connections/preview.html", context)
        made = additions.add_products(request.who, connection_id, products)
    except BadInput as error:
        return _page(request, connection_id, products, error.first.sentence, status=422)
    names = ", ".join(f"“{application.name}”" for application in made)
    messages.success(request, f"Added {names}. The next run shows who holds a seat.")
    return redirect(f"/connections/{connection_id}")


def _page(
    request: Asked, connection_id: int, ticked: Sequence[str] | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    state = connections.read(request.who, connection_id)
    if ticked is None:
        ticked = [each.product.key for each in state.addable if each.owned]
    context = {
        "state": state,
        "connection": state.connection,
        "own": addresses.list_own(state.connection),
        "ticked": ticked,
        "error": error,
        "may_manage": May.APPLICATIONS in request.who.may,
    }
    return render(request, "seatkeeper/connections/connection.html", context, status=status)
