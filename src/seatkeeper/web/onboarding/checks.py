"""Authorize for all tenants: begun, watched as it goes on, and what was found of each."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string

from seatkeeper.services import tenant_checks
from seatkeeper.services.listings import tenant_checks as listed
from seatkeeper.services.members import May
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.live import Part, stream
from seatkeeper.web.frame.pages import Asked, page
from seatkeeper.web.onboarding.links import HOME


@page()
def index(request: Asked) -> HttpResponse:
    context = {"progress": tenant_checks.progress(request.who), "may_manage": May.APPLICATIONS in request.who.may}
    rows = listed.rows(request.who)
    return listing_page(request, "seatkeeper/onboarding/checks.html", listed.LISTING, rows, **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who), form)


@page(May.APPLICATIONS, methods=("POST",))
def begin(request: Asked) -> HttpResponse:
    tenant_checks.ask(request.who)
    return redirect(f"{HOME}/checks")


@page()
def events(request: Asked) -> HttpResponseBase:
    """How far it is, as it goes on."""

    def look() -> Part:
        found = tenant_checks.progress(request.who)
        html = render_to_string("seatkeeper/onboarding/progress.html", {"progress": found, "live": True}, request)
        return Part(html, ended=found.is_over)

    return stream(request.who, look)
