"""Managed SaaS Applications: the list, an application's overview, and putting it to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.services import applications, catalogue, losses, tenants
from seatkeeper.services.application_input import split_tags
from seatkeeper.services.listings import applications as listed
from seatkeeper.services.listings import findings
from seatkeeper.services.members import May
from seatkeeper.services.overview import read
from seatkeeper.web.applications import figures
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

TABS = (
    ("", "Overview"),
    ("users", "Users"),
    ("licenses", "Licenses"),
    ("findings", "Findings"),
    ("suspicious", "Suspicious Activities"),
    ("activity", "Activity"),
    ("integration", "Integration"),
)

LICENSE_COLUMNS = "title,bought,trial,used,idle,undecided,kept,elsewhere,beyond,annual_cost,idle_cost_a_year"


def frame(request: Asked, application_id: int, tab: str) -> dict[str, object]:
    """What the head of every page of an application shows. Raises NotFound."""
    application = applications.find(request.who, application_id)
    return {
        "application": application,
        "product": catalogue.find_product(request.who, application.product),
        "tags": split_tags(application.tags),
        "same_tenant_as": tenants.same_tenant_as(request.who, application),
        "tabs": [
            (title, f"/applications/{application_id}{'/' if key else ''}{key}", key == tab) for key, title in TABS
        ],
        "may_manage": May.APPLICATIONS in request.who.may,
    }


@page()
def index(request: Asked) -> HttpResponse:
    """All managed applications, or the step to the first."""
    rows = listed.rows(request.who)
    context = {"any": rows.exists(), "may_manage": May.APPLICATIONS in request.who.may}
    return listing_page(request, "seatkeeper/applications/index.html", listed.listing(request.who), rows, **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.listing(request.who), listed.rows(request.who), form)


@page()
def overview(request: Asked, application_id: int) -> HttpResponse:
    """Who uses it and what nobody needs, each number a link to the rows behind it."""
    head = frame(request, application_id, "")
    found = read(request.who, application_id)
    address = f"/applications/{application_id}"
    context: dict[str, object] = {"summary": found.summary, "cautions": found.cautions, "address": address}
    if found.summary is not None:
        context |= {
            "unused": found.summary.inactive + found.summary.never_seen,
            "license_columns": LICENSE_COLUMNS,
            "missing_prices": found.missing_prices,
            "findings": figures.to_do(findings.count_open(request.who, application_id), f"{address}/findings"),
            "use": figures.who_uses_it(found.summary, f"{address}/users"),
            "since": figures.since_last(found.buckets, found.never),
            "seats": figures.seats(found.licenses),
            "time": figures.over_time(found.history),
            "days": figures.by_day(found.use, figures.days_in(found.coverage)),
        }
    return render(request, "seatkeeper/applications/overview.html", context | head)


@page(May.APPLICATIONS, methods=("POST",))
def deactivate(request: Asked, application_id: int) -> HttpResponse:
    application = applications.set_active(request.who, application_id, active=False)
    messages.success(request, f"“{application.name}” is deactivated: it is neither read nor counted.")
    return redirect(f"/applications/{application_id}")


@page(May.APPLICATIONS, methods=("POST",))
def reactivate(request: Asked, application_id: int) -> HttpResponse:
    application = applications.set_active(request.who, application_id, active=True)
    messages.success(request, f"“{application.name}” is active again: the next run fills the gap as far as possible.")
    return redirect(f"/applications/{application_id}")


@page(May.APPLICATIONS, methods=("GET", "POST"))
def delete(request: Asked, application_id: int) -> HttpResponse:
    """Shows what goes, and deletes only when the name was typed."""
    application = applications.find(request.who, application_id)
    if request.method != "POST":
        return _delete_page(request, application)
    typed = " ".join(request.POST.get("typed", "")[:200].split())
    if typed != application.name:
        return _delete_page(request, application, typed, "This is not its name. Nothing was deleted.", status=422)
    applications.delete_application(request.who, application_id)
    messages.success(request, f"“{application.name}” was deleted.")
    return redirect("/applications")


def _delete_page(
    request: Asked, application: Application, typed: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    lost = losses.losses(request.who, application.pk)
    context = {"application": application, "lost": lost, "typed": typed, "error": error}
    return render(request, "seatkeeper/applications/delete.html", context, status=status)
