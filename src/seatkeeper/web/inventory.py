"""The tabs of an application that list something: users, licences, findings, suspicious activities, days of use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from seatkeeper.services.inventory import coverage, lag
from seatkeeper.services.listings import activity as use_by_day
from seatkeeper.services.listings import findings, licenses, suspicious, users
from seatkeeper.services.listings.base import Listing
from seatkeeper.services.members import May, Who
from seatkeeper.web import figures
from seatkeeper.web.applications import frame
from seatkeeper.web.findings import ACTIONS
from seatkeeper.web.listings import export, listing_page
from seatkeeper.web.pages import Asked, page


class Tab(NamedTuple):
    """A listing with its rows, and what they are for in a sentence."""

    listing: Callable[[Who, int], Listing[Any]]
    rows: Callable[[Who, int], QuerySet[Any]]
    about: str


TABS: Final = {
    "users": Tab(users.listing, users.rows, "Who holds a seat, and what is known of its use."),
    "licenses": Tab(
        lambda *_: licenses.LISTING, licenses.rows, "What was bought, what of it is assigned, and what of that is used."
    ),
    "findings": Tab(
        lambda *_: findings.LISTING,
        findings.rows,
        "What could be saved or mended, with what it stands on. A finding ends when a later roster shows it no more.",
    ),
    "suspicious": Tab(
        lambda *_: suspicious.LISTING, suspicious.rows, "Who signed in to the product without a seat of it."
    ),
}


@page()
def listing(request: Asked, application_id: int, tab: str) -> HttpResponse:
    found = TABS[tab]
    head = frame(request, application_id, tab)
    listed, rows = found.listing(request.who, application_id), found.rows(request.who, application_id)
    decides = tab == "findings" and May.LICENSES in request.who.may
    context = {"about": found.about, "row_actions": ACTIONS if decides else "", **head}
    return listing_page(request, "seatkeeper/applications/listing.html", listed, rows, **context)


@page()
def export_listing(request: Asked, application_id: int, tab: str, form: str) -> HttpResponseBase:
    found = TABS[tab]
    return export(request, found.listing(request.who, application_id), found.rows(request.who, application_id), form)


@page()
def activity(request: Asked, application_id: int) -> HttpResponse:
    """How many people used the product on each day, and which days nobody could read."""
    head = frame(request, application_id, "activity")
    days = use_by_day.list_days(request.who, application_id)
    read = figures.days_read(coverage(request.who, application_id))
    context = {"days": figures.by_day(days, read), "lag": lag(request.who, application_id), **head}
    return render(request, "seatkeeper/applications/activity.html", context)
