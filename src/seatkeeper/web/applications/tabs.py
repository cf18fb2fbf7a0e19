"""The tabs of an application that list something: users, licences, findings, suspicious activities, days of use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from seatkeeper.clock import system_clock
from seatkeeper.services.coverage import lag_in_words, sign_in_coverage
from seatkeeper.services.listings import activity as use_by_day
from seatkeeper.services.listings import findings, licenses, suspicious, users
from seatkeeper.services.listings.base import Listing
from seatkeeper.services.members import May, Who
from seatkeeper.web.applications import figures
from seatkeeper.web.applications.index import frame
from seatkeeper.web.decisions.findings import ACTIONS
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page


class Tab(NamedTuple):
    """A listing with its rows, and what they are for in a sentence."""

    listing: Callable[[Who, int], Listing[Any]]
    rows: Callable[[Who, int], QuerySet[Any]]
    about: str


TABS: Final = {
    "users": Tab(users.listing, users.rows, "Who holds a seat, and what is known about its use."),
    "licenses": Tab(
        lambda *_: licenses.LISTING,
        licenses.rows,
        "How many seats were bought, how many are assigned, and how many are used.",
    ),
    "findings": Tab(
        lambda *_: findings.LISTING,
        findings.rows,
        "What could be saved or fixed, with the evidence. A finding ends when a later run shows that it is over.",
    ),
    "suspicious": Tab(
        lambda *_: suspicious.LISTING, suspicious.rows, "Who signed in to the product without holding a seat."
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
    coverage = sign_in_coverage(request.who, application_id)
    read = figures.days_read(coverage.stretches)
    context = {"days": figures.by_day(days, read), "lag": lag_in_words(coverage, system_clock()), **head}
    return render(request, "seatkeeper/applications/activity.html", context)
