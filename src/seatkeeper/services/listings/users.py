"""The people who hold a seat of an application, with what is known of their use."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from seatkeeper.insights.evidence import Activity
from seatkeeper.insights.groups import Group
from seatkeeper.model import Evidence, to_id
from seatkeeper.reporting.signals import DIRECT, SIGNALS
from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, LicenseGroup, SeatHolder
from seatkeeper.sync.vendors import find_product, list_products

WAYS: Final = ("direct", "group", "direct, group")
PLANS: Final = {sku.id: sku.title for product in list_products() for sku in product.skus}


def list_columns() -> tuple[Column, ...]:
    """With the newest use that each signal shows."""
    newest_uses = [
        Column(
            signal.column or signal.key,
            signal.heading,
            Kind.DAY if signal.of_days else Kind.TIME,
            shown=signal is DIRECT,
        )
        for signal in SIGNALS
    ]
    return (
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
        Column("groups", "Groups", Kind.NAME, shown=False),
        *newest_uses,
        Column("last_activity", "Last Activity", Kind.TIME, shown=False),
        Column("evidence", "Evidence", Kind.BADGE),
        Column("observed_since", "Observed Since", Kind.DAY, shown=False),
        Column("status", "Status", Kind.BADGE),
        Column("cost_center", "Cost Center", Kind.NAME, shown=False),
        Column("location", "Location", shown=False),
        Column("monthly_cost", "Monthly Cost", Kind.MONEY, shown=False, sorts=False, period="month", attribute="cost"),
        Column("object_id", "Object ID", shown=False),
    )


LISTING: Final = Listing[SeatHolder](
    key="users",
    title="Users",
    columns=list_columns(),
    filters=(
        Filter("status", "Status", [Choice(each, each) for each in Activity], lambda value: Q(status=value)),
        Filter("evidence", "Evidence", [Choice(each, each) for each in Evidence], lambda value: Q(evidence=value)),
        Filter("blocked", "Blocked", [Choice("yes", "yes"), Choice("no", "no")], lambda v: Q(blocked=v == "yes")),
        Filter("guest", "Guest", [Choice("yes", "yes"), Choice("no", "no")], lambda v: Q(guest=v == "yes")),
        Filter(
            "plan", "Plan", [Choice(sku, title) for sku, title in PLANS.items()], lambda value: Q(skus__contains=value)
        ),
        Filter("assigned_by", "Assigned by", [Choice(way, way) for way in WAYS], lambda value: Q(assigned_by=value)),
        Filter("group", "Group", (), lambda value: Q(group_ids__contains=f" {value} ")),  # by its id
    ),
    search=("words",),
    of_people=True,
    sort="user_id",
    empty="Nobody is on the roster yet: run the roster task.",
)


def listing(who: Who, application_id: int) -> Listing[SeatHolder]:
    """With filters by this application's plans and groups alone, and without what tells of other products only."""
    application = applications.find(who, application_id)
    product = find_product(application.product)
    choices = {"plan": [Choice(sku.id, sku.title) for sku in product.skus], "group": _list_groups(application)}
    last = [replace(f, choices=choices[f.key]) for f in LISTING.filters if choices.get(f.key)]
    others = {signal.key for signal in SIGNALS if not signal.column and not signal.speaks_of(product)}
    return replace(
        LISTING,
        columns=[column for column in list_columns() if column.key not in others],
        filters=[*(f for f in LISTING.filters if f.key not in choices), *last],
    )


def _list_groups(application: Application) -> list[Choice]:
    """The groups of the tenant whose names were read, by their titles."""
    found = LicenseGroup.objects.filter(connection=application.connection_id)
    groups = [Group(to_id(bytes(row.key)), row.name, row.deleted) for row in found]
    return [Choice(group.id, group.title) for group in sorted(groups, key=lambda group: group.title.casefold())]


def rows(who: Who, application_id: int) -> QuerySet[SeatHolder]:
    who.require(May.SEE)
    found = SeatHolder.objects.filter(application=applications.find(who, application_id))
    kept = {s.key: Cast(KT(f"signals__{s.key}__last"), BigIntegerField()) for s in SIGNALS if not s.column}
    return found.annotate(**kept)
