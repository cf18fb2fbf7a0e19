"""The tasks of an application: their state, and what members ask of them: run now, stop, pause, how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, Subquery

from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.jobs.running import changed, is_running
from seatkeeper.model import RunStatus
from seatkeeper.services import applications, audit
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Run, Task
from seatkeeper.sync.vendors import find_task, find_vendor, name_tasks

MOST_HOURS: Final = 168  # sign-ins that are read less often than weekly may be gone before we come


def list_keys() -> list[str]:
    """Every task that a vendor has, by its key."""
    return list(name_tasks())


def title_of(task: Task) -> str:
    return find_task(task.connection.vendor, task.key).title


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
    whole = _newest_runs(tasks.values(), status=RunStatus.COMPLETE)
    return [
        TaskState(task, kind.title, is_running(task), newest.get(task.pk), whole.get(task.pk))
        for kind in find_vendor(application.connection.vendor).tasks
        if (task := tasks.get(kind.key)) is not None
    ]


def _newest_runs(tasks: Iterable[Task], **conditions: str) -> dict[int, Run]:
    """The newest run of each task that fits the conditions, in one question."""
    runs = Run.objects.filter(task=OuterRef("pk"), **conditions).order_by("-pk")
    wanted = Task.objects.filter(pk__in=[task.pk for task in tasks]).values(newest=Subquery(runs.values("pk")[:1]))
    return {run.task_id: run for run in Run.objects.filter(pk__in=wanted)}


def run_now(who: Who, application_id: int, key: str, *, full: bool = False) -> None:
    """Due at once. Asked while a run is under way, it is that run that was asked for: never two at once."""
    with _changing(who, application_id, key, "task.run_asked", "everybody again" if full else "") as (
        application,
        task,
    ):
        if not application.active:
            raise BadInput("task", "The application is deactivated. Reactivate it first.")
        if not is_running(task):
            task.due, task.asked_by, task.asked_full = system_clock(), who.name, full
            task.save(update_fields=["due", "asked_by", "asked_full"])


def stop(who: Who, application_id: int, key: str) -> None:
    """The run under way ends at its next page, whichever process is at it; one that has not begun does not begin.

    A run that waits by schedule is put off by its interval.
    """
    with _changing(who, application_id, key, "task.stop_asked") as (_, task):
        if is_running(task):
            task.stop_asked = True
        elif not task.asked_by and not (task.due is not None and task.due <= system_clock()):
            raise BadInput("task", "It does not run just now, and does not wait.")
        else:
            put_off = None if task.asked_by else system_clock() + seconds(task.every_hours * 3600)
            task.due, task.asked_by, task.asked_full = put_off, "", False
        task.save(update_fields=["stop_asked", "due", "asked_by", "asked_full"])


def cancel(who: Who, task_id: int) -> Task:
    """The same of a task by its number in the queue. Raises NotFound, and BadInput when it neither runs nor waits."""
    who.require(May.APPLICATIONS)
    task = Task.objects.of(who).select_related("connection").filter(pk=task_id).first()
    application = task and Application.objects.of(who).filter(connection=task.connection, active=True).first()
    if task is None or application is None:
        raise NotFound("The task")
    stop(who, application.pk, task.key)
    return task


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
    """A task of the asker's, locked; the change is saved together with its line in the audit trail."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        application = applications.find(who, application_id)
        tasks = Task.objects.select_for_update().filter(connection_id=application.connection_id, key=key)
        if (task := tasks.first()) is None:
            raise NotFound("The task")
        yield application, task
        title = find_task(application.connection.vendor, key).title
        audit.record(who, action, f"{title} of {application.name}", detail)
    changed.set()
