"""The charts of an application's pages: which numbers are drawn, in which colours, and where each leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from seatkeeper.model import CoverageState, Instant, Stretch
from seatkeeper.services.listings.activity import DAY, SPAN, UseOfDay
from seatkeeper.services.listings.licenses import License
from seatkeeper.services.listings.person import UsedDay
from seatkeeper.services.overview import Activity, Bucket
from seatkeeper.web.frame.charts import Chart, Line, Part, bars, columns, donut, heat_map, lines

if TYPE_CHECKING:
    from seatkeeper.store.models import DailySummary

EPOCH: Final = date(1970, 1, 1)
READ: Final = (CoverageState.COMPLETE, CoverageState.PROVISIONAL)
TONES: Final = {
    Activity.ACTIVE: "tone-active",
    Activity.POSSIBLY_ACTIVE: "tone-possible",
    Activity.INACTIVE: "tone-inactive",
    Activity.NEVER_SEEN: "tone-never",
    Activity.NOT_OBSERVABLE: "tone-unknown",
}


def to_date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def who_uses_it(summary: DailySummary, users: str) -> Chart:
    """`users` is the address of the listing: each share leads to the people it counts."""
    parts = [
        Part(kind, getattr(summary, kind.field), tone, f"{users}?status={kind.replace(' ', '+')}")
        for kind, tone in TONES.items()
    ]
    return donut("use", "Who uses it", parts)


def over_time(summaries: Sequence[DailySummary]) -> Chart:
    """Oldest first."""
    days = [to_date(summary.day).isoformat() for summary in summaries]
    series = [Line(kind, [getattr(s, kind.field) for s in summaries], tone) for kind, tone in TONES.items()]
    return lines("time", "Use over time", days, series)


def since_last(buckets: Sequence[Bucket], never: int) -> Chart:
    """How many people were last active so many days before the end of what is known."""
    parts = [Part(bucket.title, bucket.people, "tone-2") for bucket in buckets]
    return columns("since", "Days since last activity", [*parts, Part("none", never, "tone-unknown")], "people")


def seats(licenses: Sequence[License]) -> Chart:
    groups = [
        (one.title, [Part("bought", one.bought or 0, "tone-1"), Part("assigned", one.assigned or 0, "tone-2"),
                     Part("active", one.active, "tone-3")])
        for one in licenses
    ]  # fmt: skip
    return bars("seats", "Seats against purchases", groups)


def to_do(counts: Mapping[str, int], findings: str) -> list[Part]:
    """The open findings of each insight, with the address of those."""
    return [
        Part(key.replace("-", " ").capitalize(), count, link=f"{findings}?key={key}&state=open")
        for key, count in counts.items()
    ]


def days_read(stretches: Iterable[Stretch]) -> set[int]:
    """The days of which sign-ins were read, wholly or in part."""
    return days_in((start, end) for start, end, state in stretches if state in READ)


def days_in(spans: Iterable[tuple[Instant, Instant]]) -> set[int]:
    return {day for start, end in spans for day in range(start // DAY, end // DAY + 1)}


def by_day(days: Sequence[UseOfDay], read: AbstractSet[int]) -> Chart:
    """From the first day that was read; a day between that was not is shown as that."""
    begin = min(read, default=None)
    shown = [day for day in days if begin is not None and day.day >= begin]
    counts = {to_date(day.day): day.people if day.day in read or day.people else None for day in shown}
    return heat_map("days", "People by day", counts, "people")


def of_person(used: Sequence[UsedDay], read: AbstractSet[int]) -> Chart:
    """A person's own days, over the days that were read and those between."""
    counts = {day.day: day.sign_ins + day.possible or int(day.silent) for day in used}
    begin, end = min(read, default=0), max(read, default=-1)
    days = range(max(begin, end - SPAN + 1), end + 1)
    known = {to_date(day): counts.get(day, 0) if day in read or day in counts else None for day in days}
    return heat_map("days", "Sign-ins by day", known, "sign-ins")
