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
from seatkeeper.model import Word
from seatkeeper.services import scheduling
from seatkeeper.services.members import May, Who
from seatkeeper.services.running import is_running
from seatkeeper.store.models import Run, Task
from seatkeeper.store.schema import check_schema

TASK: Final = ("connection", "task")

_alive: list[Callable[[], bool]] = []  # of the scheduler that this process runs, if it does


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
    registry.register(_Figures(None if who is None else who.organization_id))
    return generate_latest(registry)


class _Figures(Collector):
    """Read from the database at each question: runs of every process count, and nothing is lost at a restart."""

    def __init__(self, organization_id: int | None) -> None:
        self.mine = {} if organization_id is None else {"organization_id": organization_id}
        self.my_tasks = {} if organization_id is None else {"connection__organization_id": organization_id}

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        version = GaugeMetricFamily("seatkeeper_info", "Which program answers.", labels=("version",))
        version.add_metric((__version__,), 1)
        yield version
        yield from self._runs()
        yield from self._tasks()

    def _runs(self) -> Iterator[Metric]:
        words = GaugeMetricFamily("seatkeeper_runs", "Runs by the word they ended as.", labels=(*TASK, "word"))
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
        for row in self._by_word():
            task = str(row["task__connection_id"]), row["task__key"]
            words.add_metric((*task, row["word"]), row["runs"])
            for name in sums:
                totals.setdefault(task, dict.fromkeys(sums, 0))[name] += row[f"sum_{name}"]
            if row["word"] == Word.COMPLETE and row["newest"] is not None:
                ages.add_metric(task, round((system_clock() - row["newest"]) / seconds(1), 1))
        for task, values in totals.items():
            for name, value in values.items():
                sums[name].add_metric(task, value)
        yield from (words, ages, *sums.values())

    def _by_word(self) -> Any:
        sums = {f"sum_{name}": Sum(name) for name in ("rows", "requests", "throttled", "quarantined")}
        runs = Run.objects.filter(**self.mine).values("task__connection_id", "task__key", "word")
        return runs.annotate(runs=Count("pk"), newest=Max("ended"), **sums).order_by("task__connection_id", "task__key")

    def _tasks(self) -> Iterator[Metric]:
        mine = set(Task.objects.filter(**self.my_tasks).values_list("pk", flat=True))
        now = system_clock()
        due = [w for w in scheduling.list_waiting(now) if w.task_id in mine and w.due is not None]
        yield GaugeMetricFamily("seatkeeper_queue", "Tasks that are due and have not begun.", value=len(due))
        held = Task.objects.filter(pk__in=mine).exclude(lease_owner="")
        running = sum(is_running(task) for task in held)
        yield GaugeMetricFamily("seatkeeper_running", "Tasks that are being run.", value=running)
