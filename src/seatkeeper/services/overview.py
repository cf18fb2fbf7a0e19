"""How an application stands, at a glance: who uses it, since when not, over time, against what was bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import Case, Count, Q, QuerySet, Value, When

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.insights.evidence import Activity
from seatkeeper.model import Instant, to_text
from seatkeeper.services import applications
from seatkeeper.services.drawing import standing
from seatkeeper.services.drawing.standing import COUNTS
from seatkeeper.services.listings import activity
from seatkeeper.services.listings.activity import UseOfDay
from seatkeeper.services.listings.licenses import License, list_licenses
from seatkeeper.services.members import May, Who
from seatkeeper.services.picture import proven_spans
from seatkeeper.spans import Span
from seatkeeper.store.models import Application, Holding, Standing

DAY: Final = days(1)
BUCKETS: Final = (15, 30, 45, 60, 90, 120)  # last days of the stretches "since the last use"
HISTORY: Final = 400  # days of standings that the chart over time shows at most
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
    """What the Overview tab shows; `standing` is None before the first reading."""

    application: Application
    standing: Standing | None
    status: dict[Activity, int]
    buckets: Sequence[Bucket]
    never: int  # holders whose use was not seen at all
    history: Sequence[Standing]
    use: Sequence[UseOfDay]
    licenses: Sequence[License]
    coverage: Sequence[Span]
    cautions: Sequence[str]


def read(who: Who, application_id: int, clock: Clock = system_clock) -> Overview:
    """The overview of an application. Raises NotFound."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    history = _history(application)
    drawn, now = history[-1] if history else None, clock()
    buckets, never = _buckets(application, drawn)
    spans = proven_spans(application)
    return Overview(
        application=application,
        standing=drawn,
        status={kind: getattr(drawn, field) if drawn else 0 for kind, field in COUNTS.items()},
        buckets=buckets,
        never=never,
        history=history,
        use=activity.days_of(application, now // DAY),
        licenses=list_licenses(drawn),
        coverage=spans,
        cautions=_cautions(application, drawn, spans, now),
    )


def _history(application: Application) -> list[Standing]:
    """The standings of the last days, oldest first; that of each SKU only of the newest."""
    rows = Standing.objects.filter(application=application).order_by("-day")
    newest = standing.newest(application)
    return [*reversed(rows.defer("skus")[1:HISTORY]), newest] if newest else []


def _buckets(application: Application, drawn: Standing | None) -> tuple[list[Bucket], int]:
    """Days since the last use of the product itself, or of an application that may have been it."""
    end = drawn.observed_until if drawn else None
    people = Holding.objects.filter(application=application)
    starts = (0, *(most + 1 for most in BUCKETS))
    ends = (*BUCKETS, None)
    if end is None:
        return [Bucket(least, most, 0) for least, most in zip(starts, ends, strict=True)], people.count()
    steps = [When(_used_since(end - days(most + 1)), then=Value(number)) for number, most in enumerate(BUCKETS)]
    counted = _count(people, Case(*steps, When(_used_since(0), then=Value(len(BUCKETS))), default=Value(-1)))
    buckets = [Bucket(*bounds, counted.get(n, 0)) for n, bounds in enumerate(zip(starts, ends, strict=True))]
    return buckets, counted.get(-1, 0)


def _used_since(moment: Instant) -> Q:
    return Q(last_login__gt=moment) | Q(last_possible__gt=moment)


def _count(people: QuerySet[Holding], bucket: Case) -> dict[int, int]:
    rows = people.annotate(bucket=bucket).values_list("bucket").annotate(number=Count("pk")).order_by()
    return dict(rows)


def _cautions(application: Application, drawn: Standing | None, spans: Sequence[Span], now: Instant) -> list[str]:
    """What cannot be said yet, in sentences."""
    if drawn is None:
        return ["Nothing was read yet: run the tasks, and the first figures appear here."]
    told = []
    if not drawn.generation:
        told.append("No roster was read yet, so nobody can be said to hold a seat.")
    if drawn.observed_from is None or drawn.observed_until is None:
        return [*told, "No stretch of sign-ins is complete yet, so nobody is called unused."]
    if now - drawn.observed_until > STALE:
        told.append(f"Nothing is known of what came after {to_text(drawn.observed_until)[:10]}: run the sign-ins task.")
    sure = drawn.observed_from + days(application.threshold_days)
    if sure > drawn.observed_until:
        told.append(
            f"Unused for {application.threshold_days} days cannot be said before {to_text(sure)[:10]}; "
            "until then: none seen since."
        )
    if len(spans) > 1:
        gaps = f"{len(spans) - 1} gap{'s' if len(spans) > 2 else ''}"
        told.append(f"The history of sign-ins has {gaps}; only what came after the last one counts.")
    return told
