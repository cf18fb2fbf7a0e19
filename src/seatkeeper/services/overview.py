"""How an application stands, at a glance: who uses it, since when not, over time, against what was bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import Case, Count, Value, When

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.insights.evidence import Activity
from seatkeeper.model import Instant, to_text
from seatkeeper.reporting import daily_summary
from seatkeeper.reporting.signals import NOT_OBSERVABLE, is_observable
from seatkeeper.services import applications
from seatkeeper.services.listings import activity
from seatkeeper.services.listings.activity import UseOfDay
from seatkeeper.services.listings.licenses import License, list_licenses
from seatkeeper.services.members import May, Who
from seatkeeper.spans import Span
from seatkeeper.store.models import Application, DailySummary, SeatHolder
from seatkeeper.sync.coverage import coverage_of
from seatkeeper.sync.vendors import find_product

__all__ = ["Activity"]

DAY: Final = days(1)
BUCKETS: Final = (15, 30, 45, 60, 90, 120)  # last days of the stretches "since the last use"
HISTORY: Final = 400  # days of summaries that the chart over time shows at most
STALE: Final = days(3)


class Bucket(NamedTuple):
    """Holders whose last use was so many days before the end of proof; without `most` there is no end."""

    least: int
    most: int | None
    people: int

    @property
    def title(self) -> str:
        return f"{self.least}+" if self.most is None else f"{self.least}–{self.most}"


@dataclass(frozen=True, slots=True)
class Overview:
    """What the Overview tab shows; `summary` is None before the first reading."""

    application: Application
    summary: DailySummary | None
    status: dict[Activity, int]
    buckets: Sequence[Bucket]
    never: int  # holders whose use was not seen at all
    history: Sequence[DailySummary]
    use: Sequence[UseOfDay]
    licenses: Sequence[License]
    coverage: Sequence[Span]
    cautions: Sequence[str]
    missing_prices: Sequence[str]  # SKUs with seats whose price nobody knows


def read(who: Who, application_id: int, clock: Clock = system_clock) -> Overview:
    """The overview of an application. Raises NotFound."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    summary, now = daily_summary.newest(application), clock()
    spans = coverage_of(application, now).proven
    # Days since the last activity, as of the end of proof, and how many people were never seen active.
    people = SeatHolder.objects.filter(application=application)
    end = (summary.observed_until or summary.refreshed) if summary else 0
    starts = (0, *(most + 1 for most in BUCKETS))
    ends = (*BUCKETS, None)
    newer = [When(last_activity__gt=end - days(most + 1), then=Value(number)) for number, most in enumerate(BUCKETS)]
    older = When(last_activity__isnull=False, then=Value(len(BUCKETS)))
    rows = people.annotate(bucket=Case(*newer, older, default=Value(-1))).values_list("bucket").order_by()
    counted = dict(rows.annotate(number=Count("pk")))
    summaries = DailySummary.objects.filter(application=application)
    return Overview(
        application=application,
        summary=summary,
        status={kind: getattr(summary, kind.field) if summary else 0 for kind in Activity},
        buckets=[Bucket(*bounds, counted.get(n, 0)) for n, bounds in enumerate(zip(starts, ends, strict=True))],
        never=counted.get(-1, 0),
        history=[*reversed(summaries.order_by("-day").defer("skus")[:HISTORY])],  # oldest first
        use=activity.list_days(who, application_id, clock),
        licenses=list_licenses(summary),
        coverage=spans,
        cautions=list_cautions(application, summary, spans, now),
        missing_prices=[
            row["part_number"]
            for row in daily_summary.list_positions(summary)
            if not row["price"] and (row["paid"] or row["holders"])
        ],
    )


def list_cautions(
    application: Application, summary: DailySummary | None, spans: Sequence[Span], now: Instant
) -> list[str]:
    """What cannot be said yet, in sentences; pages and the report show the same."""
    if summary is None:
        return ["Nothing was read yet: run the tasks, and the first figures appear here."]
    told = []
    if not summary.generation:
        told.append("No roster was read yet, so nobody can be said to hold a seat.")
    if not is_observable(find_product(application.product)):
        return [*told, NOT_OBSERVABLE]
    if summary.observed_from is None or summary.observed_until is None:
        return [*told, "No stretch of sign-ins is complete yet, so nobody is called unused."]
    if now - summary.observed_until > STALE:
        told.append(f"Nothing is known of what came after {to_text(summary.observed_until)[:10]}: read the sign-ins.")
    sure = summary.observed_from + days(application.threshold_days)
    if sure > summary.observed_until:
        told.append(
            f"Unused for {application.threshold_days} days cannot be said before {to_text(sure)[:10]}; "
            "until then: none seen since."
        )
    if len(spans) > 1:
        gaps = f"{len(spans) - 1} gap{'s' if len(spans) > 2 else ''}"
        told.append(f"The history of sign-ins has {gaps}; only what came after the last one counts.")
    return told
