"""What the scheduler works through, and what members tell it: run now, stop, pause, how often.

The database is the queue. `Task.due` is when a task runs next; nothing there means that nobody has worked it out yet
(jobs/schedule.py does). A task stays due until a run of it has ended, so a process that dies loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from seatkeeper.clock import system_clock
from seatkeeper.connectors.catalog import TASKS
from seatkeeper.errors import AlreadyRunning, BadInput, NotFound, SeatkeeperError
from seatkeeper.model import Instant, Word
from seatkeeper.services import applications, audit, drawing
from seatkeeper.services.connections import open_client, to_connector
from seatkeeper.services.members import May, Who
from seatkeeper.services.running import changed, is_running, run, settle
from seatkeeper.store.models import Application, Run, Task
from seatkeeper.sync.work import Tally, Work

SCHEDULER: Final = "scheduler"
MOST_HOURS: Final = 168  # sign-ins that are read less often than weekly may be gone before we come


class Silent:
    """The run's own record is its progress: pages watch that."""

    def tell(self, run: Run, tally: Tally, share: float | None, words: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that is due, or of which nobody knows when it is; `word`, `started`, `ended` are its newest run's."""

    task_id: int
    connection_id: int
    every_hours: int
    failures: int
    due: Instant | None
    asked_by: str
    word: str | None
    started: Instant | None
    ended: Instant | None
    fence: int


def list_waiting(now: Instant) -> list[Waiting]:
    """Across all organizations: those that a person asked for first, then in the order of the catalogue."""
    active = Application.objects.filter(connection=OuterRef("connection"), active=True)
    wanted = Q(enabled=True, paused=False) | ~Q(asked_by="")
    tasks = _with_newest_run(Task.objects.filter(wanted, Exists(active), Q(due__isnull=True) | Q(due__lte=now)))
    order = list(TASKS)
    free = [task for task in tasks if not is_running(task)]
    free.sort(key=lambda task: (not task.asked_by, task.connection_id, order.index(task.key)))
    return [
        Waiting(
            task.pk, task.connection_id, task.every_hours, task.failures, task.due, task.asked_by,
            task.word, task.started, task.ended, task.fence,
        )
        for task in free
    ]  # fmt: skip


def _with_newest_run(tasks: QuerySet[Task]) -> QuerySet[Any]:
    newest = Run.objects.filter(task=OuterRef("pk")).order_by("-started", "-pk")
    return tasks.annotate(**{name: Subquery(newest.values(name)[:1]) for name in ("word", "started", "ended")})


def plan(waiting: Waiting, due: Instant | None) -> None:
    """Note when the task is due, unless somebody has said something else meanwhile."""
    Task.objects.filter(pk=waiting.task_id, due=waiting.due, asked_by=waiting.asked_by).update(due=due)


def postpone(task_id: int, due: Instant) -> None:
    """A fault of ours ended the run: whoever wanted it, it is tried again then."""
    Task.objects.filter(pk=task_id).update(due=due, asked_by="", asked_full=False, failures=F("failures") + 1)


def run_waiting(waiting: Waiting, stop: Callable[[], bool]) -> None:
    """Run the task to its word. Does nothing when another process is at it, or was since we looked."""
    task = Task.objects.select_related("connection").get(pk=waiting.task_id)
    asked_by = task.asked_by or SCHEDULER
    try:
        with open_client(task.connection) as client:
            connector = to_connector(task.connection, client)
            kind, fence = TASKS[task.key], waiting.fence
            run(Work(task, kind, connector, system_clock, Silent(), task.asked_full, stop, asked_by, fence))
        drawing.draw_all(task.connection_id)
    except AlreadyRunning:
        return
    except SeatkeeperError as error:  # the door could not even be opened: no run has begun that could say so
        now = system_clock()
        Run.objects.create(
            task=task,
            organization_id=task.connection.organization_id,
            word=Word.REFUSED,
            started=now,
            ended=now,
            asked_by=asked_by,
            message=str(error),
        )
        settle(task.pk, Word.REFUSED)


def catch_up() -> None:
    """Draw what a process that died has read and not drawn; what is drawn already costs a look."""
    for connection_id in Application.objects.filter(active=True).values_list("connection_id", flat=True).distinct():
        drawing.draw_all(connection_id)


@dataclass(frozen=True, slots=True)
class TaskState:
    """How a task of an application stands, for its Integration tab. `run` is the newest, `complete` the last whole."""

    task: Task
    title: str
    running: bool
    run: Run | None
    complete: Run | None

    @property
    def waiting(self) -> bool:
        """Whether somebody asked for a run that has not begun."""
        return bool(self.task.asked_by) and not self.running


def list_tasks(who: Who, application_id: int) -> list[TaskState]:
    """The tasks of the application's connection, in the order of the catalogue."""
    who.require(May.SEE)
    application = applications.find(who, application_id)
    tasks = {task.key: task for task in Task.objects.filter(connection_id=application.connection_id)}
    newest = _newest_runs(tasks.values())
    whole = _newest_runs(tasks.values(), word=Word.COMPLETE)
    return [
        TaskState(task, TASKS[key].title, is_running(task), newest.get(task.pk), whole.get(task.pk))
        for key in TASKS
        if (task := tasks.get(key)) is not None
    ]


def _newest_runs(tasks: Iterable[Task], **conditions: str) -> dict[int, Run]:
    """The newest run of each task that fits the conditions, in one question."""
    runs = Run.objects.filter(task=OuterRef("pk"), **conditions).order_by("-started", "-pk")
    wanted = Task.objects.filter(pk__in=[task.pk for task in tasks]).values(newest=Subquery(runs.values("pk")[:1]))
    return {run.task_id: run for run in Run.objects.filter(pk__in=wanted)}


def run_now(who: Who, application_id: int, key: str, *, full: bool = False) -> None:
    """Due at once. Asked while a run is under way, it is that run that was asked for: never two at once."""
    with _changing(who, application_id, key, "task.run_asked", "everybody again" if full else "") as (
        application,
        task,
    ):
        if not application.active:
            raise BadInput("Task", "The application is deactivated. Reactivate it first.")
        if not is_running(task):
            task.due, task.asked_by, task.asked_full = system_clock(), who.name, full
            task.save(update_fields=["due", "asked_by", "asked_full"])


def stop(who: Who, application_id: int, key: str) -> None:
    """The run under way ends at its next page, whichever process is at it; one that has not begun does not begin."""
    with _changing(who, application_id, key, "task.stop_asked") as (_, task):
        if is_running(task):
            task.stop_asked = True
        elif not task.asked_by:
            raise BadInput("Task", "It does not run just now.")
        else:
            task.due, task.asked_by, task.asked_full = None, "", False
        task.save(update_fields=["stop_asked", "due", "asked_by", "asked_full"])


def pause(who: Who, application_id: int, key: str) -> None:
    """The scheduler leaves it alone; it can still be run by hand."""
    with _changing(who, application_id, key, "task.paused") as (_, task):
        task.paused = True
        task.save(update_fields=["paused"])


def resume(who: Who, application_id: int, key: str) -> None:
    with _changing(who, application_id, key, "task.resumed") as (_, task):
        task.paused, task.due = False, None
        task.save(update_fields=["paused", "due"])


def set_schedule(who: Who, application_id: int, key: str, every_hours: int) -> None:
    if not 1 <= every_hours <= MOST_HOURS:
        raise BadInput("every_hours", f"Choose from 1 to {MOST_HOURS} hours: sign-ins are gone if read too seldom.")
    with _changing(who, application_id, key, "task.scheduled", f"every {every_hours} hours") as (_, task):
        task.every_hours, task.due = every_hours, None
        task.save(update_fields=["every_hours", "due"])


@contextmanager
def _changing(
    who: Who, application_id: int, key: str, action: str, detail: str = ""
) -> Iterator[tuple[Application, Task]]:
    """A task of the asker's, alone; what is changed is saved together with its line in the trail."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        application = applications.find(who, application_id)
        tasks = Task.objects.select_for_update().filter(connection_id=application.connection_id, key=key)
        if (task := tasks.first()) is None:
            raise NotFound("The task")
        yield application, task
        audit.record(who, action, f"{TASKS[key].title} of {application.name}", detail)
    changed.set()
