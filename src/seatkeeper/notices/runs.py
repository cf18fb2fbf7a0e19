"""What somebody should know of runs and of what they brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import dropwhile
from typing import Any, Final

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from seatkeeper.clock import days, hours, seconds
from seatkeeper.connectors.catalog import find_task, find_vendor_of
from seatkeeper.model import CoverageState, Instant, RunStatus, to_text
from seatkeeper.notices.kinds import Condition, day_of
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import (
    Application,
    Coverage,
    Quarantine,
    Run,
    Task,
)
from seatkeeper.sync.coverage import coverage_of, watched_by

TROUBLE: Final = (RunStatus.FAILED, RunStatus.REFUSED, RunStatus.HELD)
CLOCKS_DIFFER: Final = hours(1)
GAP_DAYS: Final = 30  # so long a loss is worth a notice; the coverage bar shows it for ever


def name_connections(organization_id: int) -> dict[int, str]:
    """What people call each connection that is read: the names of its active applications."""
    names: dict[int, str] = defaultdict(str)
    mine = Application.objects.filter(organization_id=organization_id, active=True).order_by("name")
    for connection_id, name in mine.values_list("connection_id", "name"):
        names[connection_id] = f"{names[connection_id]}, “{name}”".removeprefix(", ")
    return names


def _tasks(organization_id: int) -> QuerySet[Task]:
    """Those that are read: ticked, of a connection with an active application."""
    read = Exists(Application.objects.filter(connection=OuterRef("connection"), active=True))
    mine = Task.objects.filter(read, connection__organization_id=organization_id, enabled=True)
    return mine.select_related("connection").order_by("pk")


def _newest(field: str, **which: object) -> Subquery:
    """Of each task's runs of a kind, the one that was made last: when it began is only what some clock said."""
    return Subquery(Run.objects.filter(task=OuterRef("pk"), **which).order_by("-pk").values(field)[:1])


def _title(task: Task) -> str:
    return find_task(task.connection.vendor, task.key).title


def find_failed_runs(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """By the latest run that ended by itself: one that is running, or was cut short, says nothing yet."""
    newest = _tasks(organization_id).values(newest=_newest("pk", status__in=(RunStatus.COMPLETE, *TROUBLE)))
    names = name_connections(organization_id)
    runs = Run.objects.filter(pk__in=newest, status__in=TROUBLE).select_related("task__connection")
    for run in runs.order_by("task_id"):
        task, what = run.task, f"was {run.status}".replace("was failed", "failed")
        if run.status == RunStatus.HELD:
            what = "waits for a decision"
        title = f"{_title(task)} of {names[task.connection_id]} {what}"
        body = f"{run.message} {SEATKEEPER.address.url}/runs/{run.pk}"
        yield Condition(f"run-failed:{task.connection_id}:{task.key}", "run-failed", title, body)


def find_overdue_tasks(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Whatever keeps a task from being run, also a clock that was wrong: its last success lies too far from now.

    Of a run that failed or waits for a decision somebody is told already.
    """
    whole = _newest("started", status=RunStatus.COMPLETE)
    tasks: Any = _tasks(organization_id).filter(paused=False).annotate(whole=whole, status=_newest("status"))
    tasks = tasks.annotate(last=Coalesce("whole", "connection__created"))
    is_late = Q(last__lt=now - CLOCKS_DIFFER - F("every_hours") * hours(2)) | Q(whole__gt=now + CLOCKS_DIFFER)
    names = name_connections(organization_id)
    for task in tasks.filter(is_late):
        if task.status in TROUBLE or (task.whole is not None and task.connection.forget_at is not None):
            continue  # a look round reads once
        if task.last > now:
            body = (
                f"Its last complete run is dated {to_text(task.last)[:16]}, in the future: a clock was wrong, then or "
                "now. Check the clock of this machine; figures may be dated wrong until the next complete run."
            )
        else:
            since = "It has never been run completely"
            if task.whole is not None:
                since = f"Its last complete run was on {day_of(task.whole)}"
            body = (
                f"{since}; it should run every {task.every_hours} hours. Check that `seatkeeper serve` or `worker` "
                "runs; `seatkeeper check` and `seatkeeper runs` show what keeps it."
            )
        title = f"{_title(task)} of {names[task.connection_id]} is overdue"
        yield Condition(f"overdue:{task.connection_id}:{task.key}", "overdue", title, body)


def find_empty_reads(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """A read that is complete and empty is more often a lost permission than an empty tenant."""
    rows = _newest("rows", status=RunStatus.COMPLETE, full=True)
    tasks = _tasks(organization_id).filter(key__in=("roster", "licenses")).annotate(newest_rows=rows)
    names = name_connections(organization_id)
    for task in tasks.filter(newest_rows=0):
        title = f"{_title(task)} of {names[task.connection_id]} brought no rows"
        body = "The read was complete, but empty. Check that the tenant and the permissions are the right ones."
        yield Condition(f"zero-rows:{task.connection_id}:{task.key}", "zero-rows", title, body)


def find_quarantined_rows(organization_id: int, _now: Instant) -> Iterator[Condition]:
    open_rows = Quarantine.objects.filter(connection__organization_id=organization_id, resolved=False)
    read = name_connections(organization_id)
    for row in open_rows.values("connection_id", "connection__vendor", "task").annotate(
        count=Count("pk"), since=Min("first_seen")
    ):
        names, title = read.get(row["connection_id"]), find_task(row["connection__vendor"], row["task"]).title
        if names:
            body = f"{row['count']} since {day_of(row['since'])}. They are kept as received, and tried again."
            key = f"quarantine:{row['connection_id']}:{row['task']}"
            yield Condition(key, "quarantine", f"{title} of {names} has rows that were not understood", body)


def find_lost_sign_ins(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Worked out anew for whatever was read since, and once an hour for each: a loss takes days to come about."""
    ticked = _tasks(organization_id).filter(key="access").values("connection_id")
    mine = Application.objects.filter(connection__in=ticked, active=True).select_related("connection").order_by("pk")
    coverage = Coverage.objects.filter(connection__organization_id=organization_id).values("connection_id").order_by()
    marks: Any = coverage.annotate(
        Count("pk"), Max("pk"), starts=Sum(F("start") / hours(1))
    )  # all of it is in an index
    ledgers = {row.pop("connection_id"): tuple(row.values()) for row in marks}
    for one in mine:
        hour = (now + one.pk % 60 * seconds(60)) // hours(1)  # not all of them in the same minute
        known = hour, ledgers.get(one.connection_id), watched_by(one), one.connection.log_since, one.name
        if _gaps.get(one.pk, ((), None))[0] != known:
            _gaps[one.pk] = known, _find_gap(one, now)
        if (condition := _gaps[one.pk][1]) is not None:
            yield condition


_gaps: Final[dict[int, tuple[tuple[object, ...], Condition | None]]] = {}  # of each application, as it was known last


def _find_gap(application: Application, now: Instant) -> Condition | None:
    stretches = coverage_of(application, now).stretches
    since = dropwhile(lambda part: part.state is CoverageState.LOST, stretches)  # before it, nobody could have
    lost = [part for part in since if part.state is CoverageState.LOST]
    log = find_vendor_of(application.product).log
    if not lost or not log or lost[-1].end < now - log.retention - days(GAP_DAYS):
        return None
    spans = "; ".join(f"{day_of(part.start)} to {day_of(part.end)}" for part in lost)
    body = f"Nobody read them while {log.vendor} kept them: {spans}. Nobody is called unused because of it."
    return Condition(f"gap:{application.pk}", "gap", f"Sign-ins of “{application.name}” were lost", body)
