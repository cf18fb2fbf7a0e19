"""The people who hold a seat of an application, with what is known of their use."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db.models import Q, QuerySet

from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.insights.evidence import Activity
from seatkeeper.model import Evidence
from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Holding

WAYS: Final = ("direct", "group", "direct, group")
PLANS: Final = {sku.id: sku.title for product in load_products().products for sku in product.skus}

LISTING: Final = Listing[Holding](
    key="users",
    title="Users",
    columns=(
        Column("user_id", "User ID", Kind.NAME),
        Column("email", "Email", Kind.NAME, shown=False),
        Column("first_name", "First Name", Kind.NAME),
        Column("last_name", "Last Name", Kind.NAME),
        Column("active_date", "Active Date", Kind.DAY),
        Column("blocked", "Blocked", Kind.FLAG),
        Column("guest", "Guest", Kind.FLAG),
        Column("department", "Department", Kind.NAME),
        Column("plans", "Plans"),
        Column("active_date_source", "Since by", shown=False),
        Column("assigned_by", "Assigned By", shown=False),
        Column("last_login", "Last Login", Kind.TIME),
        Column("last_reported", "Last Reported", Kind.DAY, shown=False),
        Column("last_possible", "Last Possible", Kind.TIME, shown=False),
        Column("last_in_tenant", "Last In Tenant", Kind.TIME, shown=False),
        Column("evidence", "Evidence", Kind.BADGE),
        Column("observed_since", "Observed Since", Kind.DAY, shown=False),
        Column("status", "Status", Kind.BADGE),
        Column("cost_center", "Cost Center", Kind.NAME, shown=False),
        Column("location", "Location", shown=False),
        Column("monthly_cost", "Monthly Cost", Kind.MONEY, shown=False, sorts=False),
        Column("object_id", "Object ID", shown=False),
    ),
    filters=(
        Filter("status", "Status", [Choice(word, word) for word in Activity], lambda value: Q(status=value)),
        Filter("evidence", "Evidence", [Choice(word, word) for word in Evidence], lambda value: Q(evidence=value)),
        Filter("blocked", "Blocked", [Choice("yes", "yes"), Choice("no", "no")], lambda v: Q(blocked=v == "yes")),
        Filter("guest", "Guest", [Choice("yes", "yes"), Choice("no", "no")], lambda v: Q(guest=v == "yes")),
        Filter(
            "plan", "Plan", [Choice(sku, title) for sku, title in PLANS.items()], lambda value: Q(skus__contains=value)
        ),
        Filter("assigned_by", "Assigned by", [Choice(way, way) for way in WAYS], lambda value: Q(assigned_by=value)),
    ),
    search=("words",),
    sort="user_id",
    empty="Nobody is on the roster yet: run the roster task.",
)


def listing(who: Who, application_id: int) -> Listing[Holding]:
    """With a filter by the plans of this application's product alone."""
    product = applications.find(who, application_id).product
    mine = [sku for each in load_products().products if each.key == product for sku in each.skus]
    by_plan = [replace(f, choices=[Choice(s.id, s.title) for s in mine]) for f in LISTING.filters if f.key == "plan"]
    return replace(LISTING, filters=[*(f for f in LISTING.filters if f.key != "plan"), *by_plan])


def rows(who: Who, application_id: int) -> QuerySet[Holding]:
    who.require(May.SEE)
    return Holding.objects.filter(application=applications.find(who, application_id))
