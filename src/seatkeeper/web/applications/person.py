"""A person's page: what is known of one account at one application, and why."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from seatkeeper.services.coverage import sign_in_coverage
from seatkeeper.services.listings import person
from seatkeeper.web.applications import figures
from seatkeeper.web.applications.index import frame
from seatkeeper.web.frame.pages import Asked, page


@page()
def read(request: Asked, application_id: int, object_id: str) -> HttpResponse:
    """Reading it is noted in the audit trail."""
    found = person.read(request.who, application_id, object_id)
    read_days = figures.days_read(sign_in_coverage(request.who, application_id).stretches)
    context = {
        "person": found,
        "full_name": " ".join(part for part in (found.first_name, found.last_name) if part),
        "days": figures.of_person(found.used, read_days),
        **frame(request, application_id, "users" if found.holder or not found.unlicensed_user else "suspicious"),
    }
    return render(request, "seatkeeper/applications/person.html", context)
