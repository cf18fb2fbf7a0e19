"""Whether this process can do its work, and figures for whoever watches it. No name of a person is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db import DatabaseError, connection
from django.db.models import Count, Max, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from seatkeeper import __version__
from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import BadSetting
from seatkeeper.jobs import queue
from seatkeeper.jobs.job import most_connections
from seatkeeper.jobs.running import is_running
from seatkeeper.jobs.scheduler import Scheduler
from seatkeeper.model import RunStatus
from seatkeeper.services.members import May, Who
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Run, Task
from seatkeeper.store.schema import check_room, check_schema

TASK: Final = ("connection", "task")

_alive: list[Callable[[], bool]] = []  # of the scheduler that this process runs, if it does


def start_scheduler() -> Scheduler:
    """This process runs the tasks that are due, and is well only while it does. Raises BadSetting."""
    check_room(most_connections(SEATKEEPER.slots))
    scheduler = Scheduler()
    watch(scheduler.is_alive)
    scheduler.start()
    return scheduler


def watch(is_alive: Callable[[], bool]) -> None:
    """This process runs a scheduler, which shall be alive."""
    _alive[:] = [is_alive]


def unwatch() -> None:
    _alive.clear()


def look() -> dict[str, bool]:
    """What must hold before requests are sent here, by name."""
    try:
        migrated = check_schema()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (BadSetting, DatabaseError):
        return {"database": False, "schema": False, "scheduler": _is_scheduler_alive()}
    return {"database": True, "schema": migrated, "scheduler": _is_scheduler_alive()}


def _is_scheduler_alive() -> bool:
    return all(is_alive() for is_alive in _alive)


def metrics(who: Who | None = None) -> bytes:
    """The figures of the asker's organization, or of all for somebody at the machine, in Prometheus' text form."""
    if who is not None:
        who.require(May.MEMBERS)
    registry = CollectorRegistry()
    registry.register(_Figures(who))
    return generate_latest(registry)


class _Figures(Collector):
    """Read from the database at each question: runs of every process count, and nothing is lost at a restart."""

    def __init__(self, who: Who | None) -> None:
        self.runs = Run.objects.all() if who is None else Run.objects.of(who)
        self.tasks = Task.objects.all() if who is None else Task.objects.of(who)

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        version = GaugeMetricFamily("seatkeeper_info", "Which program answers.", labels=("version",))
        version.add_metric((__version__,), 1)
        yield version
        yield from self._runs()
        mine = set(self.tasks.values_list("pk", flat=True))
        waiting = queue.list_waiting(system_clock())
        due = sum(one.task_id in mine and one.due is not None for one in waiting)
        yield GaugeMetricFamily("seatkeeper_queue", "Tasks that are due and have not begun.", value=due)
        running = sum(is_running(task) for task in Task.objects.filter(pk__in=mine).exclude(lease_owner=""))
        yield GaugeMetricFamily("seatkeeper_running", "Tasks that are being run.", value=running)

    def _runs(self) -> Iterator[Metric]:
        statuses = GaugeMetricFamily("seatkeeper_runs", "Runs by the status they ended with.", labels=(*TASK, "word"))
        sums = {
            name: CounterMetricFamily(f"seatkeeper_{name}", what, labels=TASK)
            for name, what in (
                ("rows", "Rows that the vendor sent."),
                ("requests", "Requests that were sent to the vendor."),
                ("throttled", "Answers that told us to slow down."),
                ("quarantined", "Rows that were not understood."),
            )
        }
        ages = GaugeMetricFamily("seatkeeper_last_success_age_seconds", "Since the last complete run.", labels=TASK)
        totals: dict[tuple[str, str], dict[str, int]] = {}
        numbers = {f"sum_{name}": Sum(name) for name in sums}
        by_status: Any = self.runs.values("task__connection_id", "task__key", "status")
        counted = by_status.annotate(runs=Count("pk"), newest=Max("ended"), **numbers)
        for row in counted.order_by("task__connection_id", "task__key"):
            task = str(row["task__connection_id"]), row["task__key"]
            statuses.add_metric((*task, row["status"]), row["runs"])
            for name in sums:
                totals.setdefault(task, dict.fromkeys(sums, 0))[name] += row[f"sum_{name}"]
            if row["status"] == RunStatus.COMPLETE and row["newest"] is not None:
                ages.add_metric(task, round((system_clock() - row["newest"]) / seconds(1), 1))
        for task, values in totals.items():
            for name, value in values.items():
                sums[name].add_metric(task, value)
        yield from (statuses, ages, *sums.values())
