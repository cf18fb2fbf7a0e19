"""Figures for whoever watches the installation, in Prometheus' text form. No name of a person is in them.

What all processes do is read from the database at each question, so nothing is lost at a restart; what this process
does, it counts itself (telemetry.py). By tenant only where SEATKEEPER_METRICS_TENANTS wants it: 500 tenants are 16,000
lines.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet, Subquery, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from seatkeeper import __version__
from seatkeeper.clock import seconds, system_clock
from seatkeeper.jobs.running import is_running
from seatkeeper.model import Instant, RunStatus
from seatkeeper.services import backups
from seatkeeper.services.members import May, Who
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.measures import count_bytes, count_connections, look_at_disk
from seatkeeper.store.models import Application, Notice, NoticeDelivery, NoticeTarget, Run, Task
from seatkeeper.telemetry import PROCESS

# Columns of runs that are summed up: the metric's name, what it counts, and how many of the column make one.
SUMS: Final = {
    "rows": ("rows", "Rows that the vendor sent.", 1),
    "requests": ("requests", "Requests that were sent to the vendor.", 1),
    "throttled": ("throttled", "Answers that told us to slow down.", 1),
    "quarantined": ("quarantined", "Rows that were not understood.", 1),
    "waited_ms": ("vendor_wait_seconds", "How long runs waited because of the vendor's limits.", 1000),
}


def text(who: Who | None = None) -> bytes:
    """The figures of the asker's organization, or of all with those of this process for the operator."""
    if who is not None:
        who.require(May.MEMBERS)
    registry = CollectorRegistry()
    registry.register(_Figures(who))
    return generate_latest(registry) + (generate_latest(PROCESS) if who is None else b"")


class Ledger:
    """Sums over the runs that have ended, carried on from question to question: only what is new is read.

    So a question is quick whatever the number of runs, and no sum falls when old runs are deleted.
    """

    def __init__(self) -> None:
        self.until = 0  # the number of the last run that is counted for good
        self.sums: Counter[tuple[str, ...]] = Counter()
        self.lock = threading.Lock()

    def read(self, runs: QuerySet[Run]) -> Counter[tuple[str, ...]]:
        """By labels, status and column. What began after a run that is still under way is counted anew each time."""
        with self.lock:
            new = runs.filter(pk__gt=self.until)
            under_way = new.filter(ended=None).aggregate(first=Min("pk"))["first"]
            self._add(new.filter(pk__lt=under_way) if under_way else new, self.sums, for_good=True)
            now = Counter(self.sums)
            if under_way:
                self._add(new.filter(pk__gt=under_way).exclude(ended=None), now, for_good=False)
            return now

    def _add(self, runs: QuerySet[Run], sums: Counter[tuple[str, ...]], *, for_good: bool) -> None:
        columns: dict[str, Any] = {f"sum_{name}": Sum(name) for name in SUMS}
        groups: Any = runs.values(*(f"task__{name}" for name in _labelled()[1]), "status").order_by()
        for row in groups.annotate(sum_runs=Count("pk"), until=Max("pk"), **columns):
            place = *(str(row[f"task__{name}"]) for name in _labelled()[1]), row["status"]
            sums.update({(*place, name): row[f"sum_{name}"] for name in ("runs", *SUMS)})
            if for_good:
                self.until = max(self.until, row["until"])


_ledgers: Final[defaultdict[int | None, Ledger]] = defaultdict(Ledger)  # by organization, and of all


def _labelled() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels of what is told of tasks, and the columns that they stand for."""
    if SEATKEEPER.operation.metrics_by_tenant:
        return ("connection", "task"), ("connection_id", "key")
    return ("task",), ("key",)


class _Figures(Collector):
    def __init__(self, who: Who | None) -> None:
        self.who = who
        self.now = system_clock()

    def describe(self) -> list[Metric]:
        return []

    def _mine(self, model: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = model.objects.all() if self.who is None else model.objects.of(self.who)
        return rows

    def _age(self, since: Instant | None) -> float:
        """In seconds; 0 for what has not begun to wait."""
        return 0.0 if since is None else max(0.0, round((self.now - since) / seconds(1), 1))

    def collect(self) -> Iterator[Metric]:
        version = GaugeMetricFamily("seatkeeper_info", "Which program answers.", labels=("version",))
        version.add_metric((__version__,), 1)
        yield version
        yield from self._runs()
        yield self._last_success()
        yield from self._queue()
        yield from self._notices()
        if self.who is None:
            yield from self._machine()

    def _runs(self) -> Iterator[Metric]:
        labels = _labelled()[0]
        found = _ledgers[self.who and self.who.organization_id].read(self._mine(Run))
        runs = CounterMetricFamily("seatkeeper_runs", "Runs by the status they ended with.", labels=(*labels, "status"))
        for (*place, name), value in found.items():
            if name == "runs":
                runs.add_metric(place, value)
        yield runs
        for column, (name, what, unit) in SUMS.items():
            family = CounterMetricFamily(f"seatkeeper_{name}", what, labels=labels)
            by_task: Counter[tuple[str, ...]] = Counter()
            for (*place, _status, summed), value in found.items():
                by_task.update({tuple(place): value} if summed == column else {})
            for task, value in by_task.items():
                family.add_metric(task, value / unit)
            yield family

    def _last_success(self) -> Metric:
        labels, columns = _labelled()
        what = "Since the last complete run; of several tenants, that of the one who waits longest."
        family = GaugeMetricFamily("seatkeeper_last_success_age_seconds", what, labels=labels)
        whole = Run.objects.filter(task=OuterRef("pk"), status=RunStatus.COMPLETE).order_by("-pk").values("ended")[:1]
        read = Exists(Application.objects.filter(connection=OuterRef("connection"), active=True))
        tasks = self._mine(Task).filter(read, enabled=True, paused=False).annotate(whole=Subquery(whole))
        oldest: dict[tuple[str, ...], float] = {}
        for *place, ended in tasks.exclude(whole=None).values_list(*columns, "whole"):
            key = tuple(map(str, place))
            oldest[key] = max(self._age(ended), oldest.get(key, 0.0))
        for key, age in oldest.items():
            family.add_metric(key, age)
        return family

    def _queue(self) -> Iterator[Metric]:
        tasks = self._mine(Task)
        running = [task.pk for task in tasks.exclude(lease_owner="") if is_running(task)]
        read = Exists(Application.objects.filter(connection=OuterRef("connection"), active=True))
        due = tasks.filter(read, enabled=True, paused=False, due__lte=self.now).exclude(pk__in=running)
        found = due.aggregate(count=Count("pk"), since=Min("due"))
        yield GaugeMetricFamily("seatkeeper_queue", "Tasks that are due and have not begun.", value=found["count"])
        what = "How long the oldest of them has been due."
        yield GaugeMetricFamily("seatkeeper_queue_age_seconds", what, value=self._age(found["since"]))
        yield GaugeMetricFamily("seatkeeper_running", "Tasks that are being run.", value=len(running))
        marked = self._mine(Application).filter(active=True).exclude(refresh_wanted_since=None)
        found = marked.aggregate(count=Count("pk"), since=Min("refresh_wanted_since"))
        what = "Applications whose stored figures are older than their data."
        yield GaugeMetricFamily("seatkeeper_refreshes_waiting", what, value=found["count"])
        what = "How long the oldest of them has waited."
        yield GaugeMetricFamily("seatkeeper_refresh_age_seconds", what, value=self._age(found["since"]))

    def _notices(self) -> Iterator[Metric]:
        kinds = GaugeMetricFamily("seatkeeper_notices_open", "Conditions that hold, by kind.", labels=("kind",))
        opened: Any = self._mine(Notice).filter(closed=None).values("kind").order_by("kind")
        for row in opened.annotate(count=Count("pk")):
            kinds.add_metric((row["kind"],), row["count"])
        yield kinds
        waiting = self._mine(NoticeDelivery).filter(sent=None, target__active=True).count()
        yield GaugeMetricFamily("seatkeeper_notice_deliveries_waiting", "Notices that are not sent yet.", value=waiting)
        failing = self._mine(NoticeTarget).filter(active=True).exclude(trouble="").count()
        what = "Targets that did not take the last notice."
        yield GaugeMetricFamily("seatkeeper_notice_targets_failing", what, value=failing)

    def _machine(self) -> Iterator[Metric]:
        disk, made = look_at_disk(), backups.newest()
        figures: dict[str, tuple[str, float]] = {
            "database_size_bytes": ("The size of the database.", count_bytes()),
            "database_connections": ("Connections to PostgreSQL, of all processes.", count_connections()),
            "disk_free_bytes": ("Free room on the fullest disk that is written to.", disk.free),
            "disk_size_bytes": ("The size of that disk.", disk.size),
        }
        if made is not None:
            figures["backup_age_seconds"] = ("Since the newest backup was made.", self._age(made))
        for name, (what, value) in figures.items():
            yield GaugeMetricFamily(f"seatkeeper_{name}", what, value=value)
