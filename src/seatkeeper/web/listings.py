"""Listings as pages: the question is the address, the answer a table, the export the same rows as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from seatkeeper.services import views
from seatkeeper.services.listings.base import Answer, Listing, Question
from seatkeeper.services.members import Who
from seatkeeper.services.tables import FORMATS, Table
from seatkeeper.services.workbooks import to_xlsx

TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# The page of a row, by the key of its listing.
ADDRESSES: Final[Mapping[str, Callable[[Any], str]]] = {
    "applications": lambda row: f"/applications/{row.pk}",
    "users": lambda row: f"/applications/{row.application_id}/users/{row.object_id}",
    "findings": lambda row: f"/findings/{row.pk}",
    "suspicious": lambda row: f"/applications/{row.application_id}/users/{row.object_id}",
    "members": lambda row: f"/members/{row.pk}",
    "runs": lambda row: f"/runs/{row.pk}",
}


def to_question(request: HttpRequest, listing: Listing[Any]) -> Question:
    return Question.read(dict(request.GET.lists()), listing.filters)


def answer(request: HttpRequest, listing: Listing[Any], rows: QuerySet[Any]) -> Answer[Any]:
    return listing.ask(rows, to_question(request, listing))


def listing_page(
    request: HttpRequest, template: str, listing: Listing[Any], rows: QuerySet[Any], **context: Any
) -> HttpResponse:
    """A page whose template includes parts/listing.html."""
    path = request.path.rstrip("/")
    who: Who | None = getattr(request, "who", None)
    kept = views.rows(who, listing.key) if who else None
    return render(request, template, {"answer": answer(request, listing, rows), "path": path, "views": kept, **context})


def export(request: HttpRequest, listing: Listing[Any], rows: QuerySet[Any], form: str) -> HttpResponseBase:
    """Every row that fits the question, as a file."""
    return to_file(listing.export(rows, to_question(request, listing)), listing.key, form)


def to_file(table: Table, name: str, form: str) -> HttpResponseBase:
    """A table as a download. Raises Http404 for a form that there is not."""
    if form not in TYPES:
        raise Http404
    body: Iterator[str] | Iterator[bytes] = to_xlsx(table) if form == "xlsx" else FORMATS[form](table)
    return StreamingHttpResponse(
        body,
        content_type=TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}.{form}"', "Content-Security-Policy": "sandbox"},
    )
