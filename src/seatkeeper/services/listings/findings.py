"""What could be saved or mended: the findings of an application, or of all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db.models import Case, Count, F, Q, QuerySet, When

from seatkeeper.insights.catalog import INSIGHTS
from seatkeeper.model import Certainty
from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Finding

STATES: Final = ("open", "accepted", "excepted", "unproven", "resolved")
# What to do first: what lives, the surest of it, and of that what saves most.
ORDER: Final = ("over", "certainty", "-saves", "key", "user_id")
SAVES: Final = Q(state__in=("open", "accepted"), seats__gt=0)

LISTING: Final = Listing[Finding](
    key="findings",
    title="Findings",
    columns=(
        Column("key", "Finding", Kind.BADGE),
        Column("certainty", "Certainty", Kind.BADGE, attribute="how_sure"),
        Column("user_id", "User ID", Kind.NAME),
        Column("plan", "Plan"),
        Column("evidence", "Evidence", Kind.BADGE),
        Column("observed_since", "Observed Since", Kind.DAY, shown=False),
        Column("last_login", "Last Login", Kind.TIME),
        Column("monthly_cost", "Monthly Cost", Kind.MONEY, sorts=False, period="month", attribute="cost"),
        Column(
            "could_save_a_month", "Could Save, a month", Kind.MONEY, shown=False, sorts=False, period="month",
            attribute="could_save",
        ),
        Column("advice", "Advice", sorts=False),
        Column("state", "State", Kind.BADGE),
        Column("first_seen", "First Seen", Kind.DAY, shown=False),
        Column("last_seen", "Last Seen", Kind.DAY, shown=False),
        Column("resolved", "Resolved", Kind.DAY, shown=False),
        Column("object_id", "Object ID", shown=False),
    ),
    filters=(
        Filter(
            "key", "Finding", [Choice(insight.key, insight.question) for insight in INSIGHTS],
            lambda value: Q(key=value),
        ),
        Filter("state", "State", [Choice(state, state) for state in STATES], lambda value: Q(state=value)),
        Filter(
            "certainty", "Certainty", [Choice(str(each.value), each.title) for each in Certainty],
            lambda value: Q(certainty=value),
        ),
        Filter(
            "saves", "Could save", [Choice("yes", "yes"), Choice("no", "no")],
            lambda value: SAVES if value == "yes" else ~SAVES,
        ),
    ),
    search=("words",),
    of_people=True,
    order=ORDER,
    empty="Nothing was found yet.",
)  # fmt: skip


# Advice and last login stand on the page of each finding; here they would push the state out of sight.
ACROSS: Final = replace(
    LISTING,
    columns=(
        LISTING.columns[0],
        Column("application_name", "Application", Kind.NAME),
        *(c._replace(shown=c.shown and c.key not in ("advice", "last_login")) for c in LISTING.columns[1:]),
    ),
)


_IS_OVER: Final = Case(When(resolved=None, then=0), default=1)


def rows(who: Who, application_id: int | None = None) -> QuerySet[Finding]:
    """Of one application, or of all that are active; those have an `application_name`, too (ACROSS)."""
    who.require(May.SEE)
    if application_id is None:
        mine = Finding.objects.of(who).filter(application__active=True)
        return mine.annotate(over=_IS_OVER, application_name=F("application__name"))
    return Finding.objects.filter(application=applications.find(who, application_id)).annotate(over=_IS_OVER)


def count_open(who: Who, application_id: int) -> dict[str, int]:
    """How many findings of each insight are open, in the order of the insights; those without any are left out."""
    mine = rows(who, application_id).filter(state="open")
    counts = dict(mine.order_by().values_list("key").annotate(number=Count("pk")))
    return {insight.key: counts[insight.key] for insight in INSIGHTS if insight.key in counts}
