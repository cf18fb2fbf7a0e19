"""What Authorize found in each tenant, where it was asked of many at once."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When

from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, TenantCheck

RESULTS: Final = ("not yet", "passed", "failed")

LISTING: Final = Listing[TenantCheck](
    key="tenant-checks",
    title="Checks of tenants",
    columns=(
        Column("tenant", "Tenant", Kind.NAME),
        Column("application", "Application", Kind.NAME),
        Column("result", "Result", Kind.BADGE),
        Column("message", "What to do", Kind.NAME, sorts=False),
        Column("checked", "Checked", Kind.TIME),
        Column("asked", "Asked", Kind.TIME, shown=False),
        Column("asked_by", "Asked by", Kind.NAME, shown=False),
    ),
    filters=(Filter("result", "Result", [Choice(each, each) for each in RESULTS], lambda value: Q(result=value)),),
    search=("tenant",),
    sort="tenant",
    empty="No tenant was checked together with others yet.",
)


def rows(who: Who) -> QuerySet[Any]:
    """The result while a check is under way is the last one's no more."""
    who.require(May.SEE)
    passed, failed = (When(passed=word == "passed", due=None, then=Value(word)) for word in RESULTS[1:])
    result = Case(passed, failed, default=Value(RESULTS[0]))
    first = Application.objects.filter(connection=OuterRef("connection")).order_by("pk").values("name")[:1]
    named = {"tenant": F("connection__tenant_id"), "application": Subquery(first), "result": result}
    found: QuerySet[Any] = TenantCheck.objects.of(who).annotate(**named)
    return found
