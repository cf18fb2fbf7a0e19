"""The organization's list of employees, as imported last."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Employee

LISTING: Final = Listing[Employee](
    key="employees",
    title="Employees",
    columns=(
        Column("email", "Email", Kind.NAME),
        Column("first_name", "First name", Kind.NAME),
        Column("last_name", "Last name", Kind.NAME),
        Column("active", "Works here", Kind.FLAG),
        Column("department", "Department", Kind.NAME),
        Column("location", "Location", Kind.NAME),
        Column("cost_center", "Cost center", Kind.NAME),
        Column("imported", "Imported", Kind.TIME, shown=False),
    ),
    filters=(
        Filter(
            "active",
            "Works here",
            [Choice("yes", "yes"), Choice("no", "no")],
            lambda value: Q(active=value == "yes"),
        ),
    ),
    search=("email",),
    sort="email",
    empty="No list of employees yet. Import one: then sign-ins of people who do not work here stand out.",
)


def rows(who: Who) -> QuerySet[Employee]:
    who.require(May.SEE)
    return Employee.objects.of(who)
