"""What is due, and running it. The database is the queue: several processes may look, a lease lets one of them in.

`Task.due` is when a task runs next; nothing there means that nobody has worked it out yet (jobs/schedule.py does). A
task stays due until a run of it has ended, so a process that dies loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from seatkeeper.clock import seconds, system_clock
from seatkeeper.connectors.catalog import find_task, name_tasks
from seatkeeper.errors import AlreadyRunning, SeatkeeperError
from seatkeeper.jobs.running import is_running, run, settle
from seatkeeper.jobs.schedule import History, Place, in_turn, is_impossible, next_run
from seatkeeper.model import Instant, RunStatus
from seatkeeper.reporting import refresh
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Run, Task
from seatkeeper.sync.connecting import open_connector
from seatkeeper.sync.work import Tally, Work

SCHEDULER: Final = "scheduler"


class Silent:
    """The run's own record is its progress: pages watch that."""

    def tell(self, run: Run, tally: Tally, share: float | None, words: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that is due, or of which nobody knows when it is; `status`, `started`, `ended` are its newest run's."""

    task_id: int
    connection_id: int
    every_hours: int
    failures: int
    due: Instant | None
    asked_by: str
    status: str | None
    started: Instant | None
    ended: Instant | None
    fence: int
    rank: int
    served: Instant | None

    @property
    def history(self) -> History:
        return History(self.task_id, self.every_hours, self.failures, self.status, self.started, self.ended)

    def wanted_at(self, now: Instant) -> Instant | None:
        """When it is to run; worked out anew where nobody has, and where what is noted cannot be."""
        if self.due is not None and not is_impossible(self.history, self.due, now):
            return self.due
        return now if self.asked_by else next_run(self.history, now)

    def place(self, now: Instant) -> Place:
        due = self.wanted_at(now)
        at = now if due is None else due
        return Place(
            self.task_id, self.connection_id, self.rank, self.every_hours, at, bool(self.asked_by), self.served
        )


def list_waiting(now: Instant) -> list[Waiting]:
    """Across all organizations, whose turn it is first: what is due, and that of which nobody knows when it is."""
    living = Application.objects.filter(organization__archived=None, active=True)
    active = living.filter(connection=OuterRef("connection"))
    wanted = Q(enabled=True, paused=False) | ~Q(asked_by="")
    # The newest is the one that was made last: when it began is only what some clock said.
    newest = Run.objects.filter(task=OuterRef("pk")).order_by("-pk")
    # A look round reads once, and once more what joins it, until somebody decides to keep it.
    joined = Application.objects.filter(connection=OuterRef("task__connection"), active=True).order_by("-created")
    since = Subquery(joined.values("created")[:1])
    read_once = Run.objects.filter(task=OuterRef("pk"), status=RunStatus.COMPLETE, started__gte=since)
    again = Q(connection__forget_at__isnull=True) | ~Q(asked_by="") | Q(~Exists(read_once))
    unknown = Q(due__isnull=True) | Q(due__lte=now) | Q(due__gt=now + F("every_hours") * seconds(3600))
    tasks: QuerySet[Any] = Task.objects.filter(wanted, again, Exists(active), unknown).annotate(
        **{name: Subquery(newest.values(name)[:1]) for name in ("status", "started", "ended")}
    )
    free = [task for task in tasks if not is_running(task)]
    theirs = Task.objects.filter(connection__in={task.connection_id for task in free})
    last = Run.objects.filter(pk__in=theirs.values_list(Subquery(newest.values("pk")[:1]))).order_by("pk")
    served = dict(last.values_list("task__connection_id", "started"))  # when the newest run of each tenant began
    ranks = {key: n for n, key in enumerate(name_tasks())}
    found = [
        Waiting(
            task.pk, task.connection_id, task.every_hours, task.failures, task.due, task.asked_by, task.status,
            task.started, task.ended, task.fence, ranks[task.key], served.get(task.connection_id),
        )
        for task in free
    ]  # fmt: skip
    waiting = {one.task_id: one for one in found if one.due is None or one.due <= now or one.due != one.wanted_at(now)}
    busy = {task.connection_id for task in Task.objects.exclude(lease_owner="") if is_running(task)}
    return [waiting[place.task_id] for place in in_turn([one.place(now) for one in waiting.values()], busy, now)]


def plan(waiting: Waiting, due: Instant | None) -> bool:
    """Note when the task is due, unless something else was said since it was looked at; whether it was noted."""
    same = Task.objects.filter(pk=waiting.task_id, due=waiting.due, asked_by=waiting.asked_by)
    return bool(same.update(due=due))


def postpone(waiting: Waiting) -> None:
    """A fault of ours ended the run: whoever wanted it, it is tried again as after any other failure."""
    now = system_clock()
    due = next_run(History(waiting.task_id, waiting.every_hours, waiting.failures + 1, None, now, now), now) or now
    Task.objects.filter(pk=waiting.task_id).update(due=due, asked_by="", asked_full=False, failures=F("failures") + 1)


def give_back(waiting: Waiting, *, put_off: bool) -> None:
    """The database was away when a run ended: the task is free again, and due unless it is put off."""
    leases.let_go(waiting.task_id)
    if put_off:
        postpone(waiting)


def run_waiting(waiting: Waiting, stop: Callable[[], bool]) -> None:
    """Run the task to its end. Does nothing when another process is at it, or was since we looked, or it is deleted."""
    task = Task.objects.select_related("connection").filter(pk=waiting.task_id).first()
    if task is None:
        return
    asked_by = task.asked_by or SCHEDULER
    try:
        with open_connector(task.connection) as connector:
            kind, fence = find_task(task.connection.vendor, task.key), waiting.fence
            run(Work(task, kind, connector, system_clock, Silent(), task.asked_full, stop, asked_by, fence))
        refresh.refresh_all(task.connection_id)
    except AlreadyRunning:
        return
    except SeatkeeperError as error:  # the door could not even be opened: no run has begun that could say so
        now = system_clock()
        Run.objects.create(
            task=task,
            organization_id=task.connection.organization_id,
            status=RunStatus.REFUSED,
            started=now,
            ended=now,
            asked_by=asked_by,
            message=str(error),
        )
        settle(task.pk, RunStatus.REFUSED)


def catch_up() -> None:
    """Show what a process that died has read and not shown; what is shown already costs a look."""
    for application in Application.objects.filter(active=True):
        refresh.catch_up(application)
