"""What stored rows were computed from, and its digest: while the digest is the same, there is nothing to refresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Max, Sum

from seatkeeper.clock import days
from seatkeeper.connectors.catalog import find_product, find_vendor_of
from seatkeeper.connectors.products import digest
from seatkeeper.model import Instant
from seatkeeper.reporting.signals import SIGNALS
from seatkeeper.store.models import (
    Application,
    Employee,
    FindingException,
    Price,
    ProductActivity,
    Recognition,
    Renewal,
    Run,
    Task,
)
from seatkeeper.sync.coverage import newest_reading

DAY: Final = days(1)
FORM: Final = 10  # to be raised when the same inputs give other rows than before


@dataclass(frozen=True, slots=True)
class Source:
    """Where the readings stood when the refresh began; `run` is the newest that could have changed anything.

    `signals` names the uploaded report, and when each signal that has a task of its own was last read to its end.
    """

    day: int
    now: Instant
    roster: int
    licenses: int
    coverage: int
    signals: str
    run: int
    digest: str


def look(application: Application, now: Instant) -> Source:
    """Read before the rows themselves: what comes in between asks for the next refresh, and is never lost."""
    connection_id = application.connection_id
    mine = Task.objects.filter(connection_id=connection_id)
    tasks = dict(mine.values_list("key", "generation"))
    signals = mine.filter(key__in=[each.task for each in SIGNALS if each.task]).order_by("key")
    ticked = list(mine.filter(enabled=True).order_by("key").values_list("key", flat=True))
    read = " ".join(str(moment) for moment in signals.values_list("full_read_at", flat=True)) or None
    uploaded = ProductActivity.objects.filter(application=application).aggregate(newest=Max("pk"))["newest"]
    runs = Run.objects.filter(task__connection_id=connection_id).aggregate(newest=Max("pk"), ended=Max("ended"))
    coverage, watched = newest_reading(application), sorted(find_product(application.product).watched)
    data = find_vendor_of(application.product).products()
    told = (
        FORM, data.version, now // DAY, sorted(runs.items()), sorted(tasks.items()), coverage, watched,
        ticked, application.product, application.threshold_days, application.grace_days, _said(application, now),
    )  # fmt: skip
    generations = tasks.get("roster", 0), tasks.get("licenses", 0)
    return Source(now // DAY, now, *generations, coverage, f"{uploaded} {read}", runs["newest"] or 0, digest(told))


def newest_run(application: Application) -> Run | None:
    """The last run that was begun of any task of the application's connection."""
    return Run.objects.filter(task__connection_id=application.connection_id).order_by("-pk").first()


def _said(application: Application, now: Instant) -> tuple[object, ...]:
    """What people told us, beside what the vendor says."""
    recognitions = Recognition.objects.filter(application=application)
    employees = Employee.objects.of(application)
    reports = ProductActivity.objects.filter(application=application)
    renewals = Renewal.objects.filter(connection_id=application.connection_id)
    prices = Price.objects.of(application).order_by("pk")
    exceptions = FindingException.objects.filter(application=application).order_by("pk")
    return (
        [str(row) for row in prices.values_list()],
        [str(row) for row in exceptions.values_list("finding", "scope", "value", "until")],
        exceptions.filter(until__lte=now).count(),
        sorted(recognitions.aggregate(Count("pk"), Max("at"), Max("pk"), Sum("until")).items()),
        recognitions.filter(until__lte=now).count(),
        sorted(employees.aggregate(Count("pk"), Max("imported"), Max("pk")).items()),
        sorted(reports.aggregate(Count("pk"), Max("pk"), Max("until")).items()),
        sorted(renewals.aggregate(Count("pk"), Max("pk"), Max("read_at")).items()),
    )
