"""What a drawing stands on, and a short name for it: while the name is the same there is nothing new to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Max, Sum

from seatkeeper.clock import days
from seatkeeper.connectors.microsoft.products import digest, load_products
from seatkeeper.model import Instant
from seatkeeper.services.picture import stream_of_application
from seatkeeper.store.models import (
    Application,
    Coverage,
    Employee,
    Exemption,
    Price,
    ProductActivity,
    Recognition,
    Renewal,
    Run,
    Task,
)

DAY: Final = days(1)
FORM: Final = 4  # to be raised when drawings of the same readings come out otherwise


@dataclass(frozen=True, slots=True)
class Source:
    """Where the readings stood when the drawing began; `run` is the newest that could have changed anything."""

    day: int
    now: Instant
    roster: int
    licenses: int
    coverage: int
    run: int
    digest: str


def look(application: Application, now: Instant) -> Source:
    """Read before the rows themselves: what comes in between makes the next drawing, never a lost one."""
    connection_id = application.connection_id
    mine = Task.objects.filter(connection_id=connection_id)
    tasks = dict(mine.values_list("key", "generation"))
    in_tenant = mine.filter(key="activity", enabled=True).exists()
    runs = Run.objects.filter(task__connection_id=connection_id).aggregate(newest=Max("pk"), ended=Max("ended"))
    stream = stream_of_application(application)
    read = Coverage.objects.filter(connection_id=connection_id, stream=stream)
    coverage = read.aggregate(newest=Max("pk"))["newest"] or 0
    told = (
        FORM, load_products().date, now // DAY, sorted(runs.items()), sorted(tasks.items()), coverage, stream,
        in_tenant, application.product, application.threshold_days, application.grace_days, _said(application, now),
    )  # fmt: skip
    generations = tasks.get("roster", 0), tasks.get("licenses", 0)
    return Source(now // DAY, now, *generations, coverage, runs["newest"] or 0, digest(told))


def _said(application: Application, now: Instant) -> tuple[object, ...]:
    """What people told us beside the vendor."""
    words = Recognition.objects.filter(application=application)
    employees = Employee.objects.filter(organization_id=application.organization_id)
    reports = ProductActivity.objects.filter(application=application)
    renewals = Renewal.objects.filter(connection_id=application.connection_id)
    prices = Price.objects.filter(organization_id=application.organization_id).order_by("pk")
    exemptions = Exemption.objects.filter(application=application).order_by("pk")
    return (
        [str(row) for row in prices.values_list()],
        [str(row) for row in exemptions.values_list("finding", "scope", "value", "until")],
        exemptions.filter(until__lte=now).count(),
        sorted(words.aggregate(Count("pk"), Max("at"), Max("pk"), Sum("until")).items()),
        words.filter(until__lte=now).count(),
        sorted(employees.aggregate(Count("pk"), Max("imported"), Max("pk")).items()),
        sorted(reports.aggregate(Count("pk"), Max("pk"), Max("until")).items()),
        sorted(renewals.aggregate(Count("pk"), Max("pk"), Max("read_at")).items()),
    )
