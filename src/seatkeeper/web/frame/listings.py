"""Listings as pages: the question is the address, the answer a table, the export the same rows as a file."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify

from seatkeeper.services import readings, views
from seatkeeper.services.exports import TYPES, Table, write
from seatkeeper.services.listings.base import Answer, Listing, Question
from seatkeeper.services.members import Who

# The page of a row, by the key of its listing.
ADDRESSES: Final[Mapping[str, Callable[[Any], str]]] = {
    "applications": lambda row: f"/applications/{row.pk}",
    "connections": lambda row: f"/connections/{row.pk}",
    "people": lambda row: f"/connections/{row.connection_id}/people/{row.object_id}",
    "users": lambda row: f"/applications/{row.application_id}/users/{row.object_id}",
    "findings": lambda row: f"/findings/{row.pk}",
    "suspicious": lambda row: f"/applications/{row.application_id}/users/{row.object_id}",
    "consent-links": lambda row: f"/connections/onboarding/links/{row.pk}",
    "tenant-checks": lambda row: f"/connections/{row.connection_id}",
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
    if who is not None:
        readings.note(who, listing, "listed", **_scope_of(request))
    return render(request, template, {"answer": answer(request, listing, rows), "path": path, "views": kept, **context})


def export(request: HttpRequest, listing: Listing[Any], rows: QuerySet[Any], form: str) -> HttpResponseBase:
    """Every row that fits the question, as a file."""
    who: Who | None = getattr(request, "who", None)
    answered = to_file(who, listing.export(rows, to_question(request, listing)), listing.key, form)
    if who is not None:
        readings.note(who, listing, "exported", **_scope_of(request))
    return answered


def _scope_of(request: HttpRequest) -> dict[str, int]:
    """Of which application or connection the listing at the address is; nothing for one over all."""
    named = request.resolver_match.kwargs if request.resolver_match else {}
    return {key: named[key] for key in ("application_id", "connection_id") if key in named}


def to_file(who: Who | None, table: Table, name: str, form: str) -> HttpResponseBase:
    """A table as a download, whose name says whose it is where the asker has several organizations.

    Raises Http404 for a form that there is not.
    """
    if form not in TYPES:
        raise Http404
    if who is not None and who.organization_name:
        name = f"{slugify(who.organization_name) or who.organization_id}-{name}"
    mark = [BOM_UTF8] if form == "csv" else []  # without it, Excel takes UTF-8 for the country's old encoding
    return StreamingHttpResponse(
        chain(mark, write(table, form)),
        content_type=TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}.{form}"', "Content-Security-Policy": "sandbox"},
    )
