"""Running tasks, and looking at how they ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import AlreadyRunning, BadInput, CredentialsRejected, NotFound, SameTenant
from seatkeeper.jobs import running
from seatkeeper.model import RunStatus
from seatkeeper.reporting import refresh
from seatkeeper.services import audit, refreshes
from seatkeeper.services.applications import find_application, list_applications
from seatkeeper.services.members import May, Who
from seatkeeper.services.tasks import title_of
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Connection, Run, Task
from seatkeeper.sync import held
from seatkeeper.sync.connecting import open_connector, watch_products
from seatkeeper.sync.vendors import TaskKind, find_task, name_tasks
from seatkeeper.sync.work import Progress, Work
from seatkeeper.tabular.tables import Cell, Table


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What to run: one application or all, all ticked tasks or some; `full` reads everybody again."""

    name: str | None = None
    tasks: Sequence[str] = ()
    full: bool = False


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How one task of one connection ended; `run` is missing when another process is at it."""

    applications: str
    kind: TaskKind
    exit_code: int
    message: str
    run: Run | None


def sync(
    who: Who,
    request: SyncRequest,
    progress: Progress,
    *,
    clock: Clock = system_clock,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[TaskResult]:
    """Run the tasks one after the other; yields the result of each as it ends."""
    who.require(May.APPLICATIONS)
    known = name_tasks()
    if unknown := [key for key in request.tasks if key not in known]:
        raise BadInput("task", f"{unknown[0]!r} is not a task. Known: {', '.join(known)}.")
    chosen = [key for key in known if key in (request.tasks or known)]  # in the order of the catalogue
    for connection, names in _choose_connections(who, request.name):
        with open_connector(connection) as connector:  # one door for all tasks: one token, one budget of requests
            tasks = {task.key: task for task in Task.objects.filter(connection=connection)}
            for task in (tasks[key] for key in chosen if key in tasks):
                if not (request.tasks or task.enabled):
                    continue  # one that is named in the request runs even when it is not ticked
                if stop():
                    return
                task.connection = connection
                watch_products(connector, connection)  # the task before may have read what the tenant owns
                kind = find_task(connection.vendor, task.key)
                work = Work(task, kind, connector, clock, progress, request.full, stop, asked_by=who.name)
                try:
                    outcome = running.run(work)
                except AlreadyRunning as error:
                    yield TaskResult(names, kind, error.exit_code, str(error), None)
                    continue
                yield TaskResult(names, kind, outcome.exit_code, outcome.run.message, outcome.run)
                if isinstance(outcome.error, CredentialsRejected | SameTenant):
                    break  # every other task of the connection would be refused the same way
        refresh.refresh_all(connection.pk, clock)


def exit_code(results: Sequence[TaskResult]) -> int:
    """The most urgent of several: the lowest that is not 0."""
    return min((result.exit_code for result in results if result.exit_code), default=0)


def _choose_connections(who: Who, name: str | None) -> list[tuple[Connection, str]]:
    """Each connection once, with the names of its active applications, however many products it serves."""
    if name is not None:
        application = find_application(who, name)
        if not application.active:
            raise BadInput("name", f"{name!r} is deactivated. Run `seatkeeper apps reactivate` first.")
        return [(application.connection, application.name)]
    names: dict[int, list[Application]] = {}
    for application in list_applications(who):
        if application.active:
            names.setdefault(application.connection_id, []).append(application)
    return [(mine[0].connection, ", ".join(a.name for a in mine)) for mine in names.values()]


def list_runs(who: Who, name: str | None = None, limit: int = 50) -> list[Run]:
    """The newest runs first."""
    runs = Run.objects.of(who).select_related("task", "task__connection")
    if name is not None:
        runs = runs.filter(task__connection=find_application(who, name).connection)
    return list(runs.order_by("-started", "-id")[:limit])


def confirm_run(who: Who, run_id: int) -> Run:
    """Say that a held run's loss of people is real: publish what it read."""
    return _decide(who, run_id, held.confirm, "run.confirmed")


def discard_run(who: Who, run_id: int) -> Run:
    """Throw away what a held run read; the roster stays as it was."""
    return _decide(who, run_id, held.discard, "run.discarded")


def break_run(who: Who, run_id: int) -> Run:
    """Take the run's task from the process that has it; what that process reads from now on is not saved."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        run = find_run(who, run_id)
        if not leases.break_lease(run.task_id):
            raise BadInput("run", f"nobody is at the task of run {run_id}; the next run of it begins when it is due.")
        open_runs = Run.objects.filter(task=run.task_id, status=RunStatus.RUNNING)
        open_runs.update(status=RunStatus.INTERRUPTED, ended=system_clock(), message="Broken off by an operator.")
        Task.objects.filter(pk=run.task_id).update(due=system_clock(), stop_asked=False)
        audit.record(who, "run.broken", f"run {run.pk}, {title_of(run.task)}")
    running.changed.set()
    return run


def _decide(who: Who, run_id: int, decide: Callable[[Run], Run], action: str) -> Run:
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        run = find_run(who, run_id)
        if run.status != RunStatus.HELD:
            raise BadInput("run", f"{run_id} does not wait for confirmation; `seatkeeper runs` shows the runs that do.")
        run = decide(run)
        audit.record(who, action, f"run {run.pk}, {title_of(run.task)}")
        refreshes.request(who, Application.objects.filter(connection_id=run.task.connection_id, active=True))
    running.changed.set()  # the task was left alone until somebody decided
    return run


def find_run(who: Who, run_id: int) -> Run:
    """A run of the asker's organization. Raises NotFound."""
    mine = Run.objects.of(who).filter(pk=run_id)
    if (run := mine.select_related("task__connection").first()) is None:
        raise NotFound("The run")
    return run


RUN_COLUMNS = (
    "Run", "Task", "Tenant", "Started", "Ended", "State", "Rows", "New", "Changed", "Gone", "Quarantined",
    "Requests", "Throttled", "Message", "Detail",
)  # fmt: skip


def runs_table(runs: Sequence[Run]) -> Table:
    """Runs as rows."""
    rows: list[Sequence[Cell]] = [
        (
            r.pk, title_of(r.task), r.task.connection.tenant_id, r.started, r.ended, r.status, r.rows, r.added,
            r.changed, r.gone, r.quarantined, r.requests, r.throttled, r.message, r.detail,
        )
        for r in runs
    ]  # fmt: skip
    return Table(RUN_COLUMNS, rows, frozenset({"Started", "Ended"}))
