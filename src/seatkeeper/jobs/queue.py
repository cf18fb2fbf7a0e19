"""What is due, and running it. The database is the queue of record: any process may look, a lease lets one in.

`Task.due` is when a task runs next; nothing there means that nobody has worked it out yet (jobs/schedule.py does). A
task stays due until a run of it has ended, so a process that dies loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from seatkeeper.clock import seconds, system_clock
from seatkeeper.connectors.catalog import find_task, name_tasks
from seatkeeper.errors import AlreadyRunning, SeatkeeperError
from seatkeeper.jobs.running import is_running, run, settle
from seatkeeper.jobs.schedule import LONGEST_RETRY, History, Place, in_turn, is_impossible, next_run, wait_after
from seatkeeper.model import Instant, RunStatus
from seatkeeper.reporting import refresh
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Run, Task
from seatkeeper.sync.connecting import open_connector
from seatkeeper.sync.work import Tally, Work

SCHEDULER: Final = "scheduler"
# A task's newest run is the one that was made last: when it began is only what some clock said.
NEWEST: Final = Run.objects.filter(task=OuterRef("pk")).order_by("-pk")


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
    organization_id: int = 0
    out_of_reach_until: Instant | None = None

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


def look(task_id: int, now: Instant) -> Waiting | None:
    """The task as it stands now, while it is due and nobody is at it."""
    for waiting in list_waiting(now, task_id):
        due = waiting.wanted_at(now)
        if due is not None and due <= now:
            return waiting
    return None


def list_waiting(now: Instant, task_id: int | None = None) -> list[Waiting]:
    """Across all organizations, whose turn it is first: what is due, and that of which nobody knows when it is.

    With a task's id, of that task alone.
    """
    tasks = _select(now)
    if task_id is not None:
        tasks = tasks.filter(pk=task_id)
    moment = leases.now()
    free = [task for task in tasks if not is_running(task, moment)]
    theirs = Task.objects.filter(connection__in={task.connection_id for task in free})
    last = Run.objects.filter(pk__in=theirs.values_list(Subquery(NEWEST.values("pk")[:1]))).order_by("pk")
    served = dict(last.values_list("task__connection_id", "started"))  # when the newest run of each tenant began
    ranks = {key: n for n, key in enumerate(name_tasks())}
    found = [
        Waiting(
            task.pk, task.connection_id, task.every_hours, task.failures, task.due, task.asked_by, task.status,
            task.started, task.ended, task.fence, ranks[task.key], served.get(task.connection_id), task.organization,
            task.out_of_reach_until,
        )
        for task in free
    ]  # fmt: skip
    waiting = {one.task_id: one for one in found if one.due is None or one.due <= now or one.due != one.wanted_at(now)}
    running = Task.objects.exclude(lease_owner="").select_related("connection")
    busy = [task.connection for task in running if is_running(task, moment)]
    places = in_turn([one.place(now) for one in waiting.values()], {connection.pk for connection in busy}, now)
    at_work = Counter(connection.organization_id for connection in busy)
    return by_organization([waiting[place.task_id] for place in places], at_work)


def _select(now: Instant) -> QuerySet[Any]:
    """Tasks that may be due, each with what is known of its newest run."""
    living = Application.objects.filter(organization__archived=None, active=True)
    active = living.filter(connection=OuterRef("connection"))
    wanted = Q(enabled=True, paused=False) | ~Q(asked_by="")
    # A look round reads once, and once more what joins it, until somebody decides to keep it.
    joined = Application.objects.filter(connection=OuterRef("task__connection"), active=True).order_by("-created")
    since = Subquery(joined.values("created")[:1])
    read_once = Run.objects.filter(task=OuterRef("pk"), status=RunStatus.COMPLETE, started__gte=since)
    again = Q(connection__forget_at__isnull=True) | ~Q(asked_by="") | Q(~Exists(read_once))
    unknown = Q(due__isnull=True) | Q(due__lte=now) | Q(due__gt=now + F("every_hours") * seconds(3600))
    # A tenant that cannot be reached is asked once for all of its tasks, and then left alone for a while.
    reachable = ~Q(
        connection__out_of_reach_until__gt=now, connection__out_of_reach_until__lte=now + LONGEST_RETRY, asked_by=""
    )
    return Task.objects.filter(wanted, again, reachable, Exists(active), unknown).annotate(
        organization=F("connection__organization_id"),
        out_of_reach_until=F("connection__out_of_reach_until"),
        **{name: Subquery(NEWEST.values(name)[:1]) for name in ("status", "started", "ended")},
    )


def by_organization(waiting: Sequence[Waiting], at_work: Mapping[int, int]) -> list[Waiting]:
    """The same, so that each organization has as much at work as any other: none waits behind another's hundred.

    `at_work` is how many runs of an organization are under way. What people asked for comes first in any case.
    """
    begun = Counter(at_work)
    places: list[tuple[bool, int]] = []
    for one in waiting:
        places.append((not one.asked_by, 0 if one.asked_by else begun[one.organization_id]))
        begun[one.organization_id] += 1
    return [waiting[n] for n in sorted(range(len(waiting)), key=lambda n: (*places[n], n))]


def plan(waiting: Waiting, due: Instant | None) -> bool:
    """Note when the task is due, unless something else was said since it was looked at; whether it was noted."""
    same = Task.objects.filter(pk=waiting.task_id, due=waiting.due, asked_by=waiting.asked_by)
    return bool(same.update(due=due))


def postpone(task_id: int) -> None:
    """A fault of ours ended the run: whoever wanted it, it is tried again as after any other failure."""
    task = Task.objects.filter(pk=task_id)
    task.update(failures=F("failures") + 1)
    for failures in task.values_list("failures", flat=True):
        task.update(due=system_clock() + wait_after(failures), asked_by="", asked_full=False)


def give_back(task_id: int, *, put_off: bool) -> None:
    """The database was away when a run ended: the task is free again, and due unless it is put off."""
    leases.let_go(task_id)
    if put_off:
        postpone(task_id)


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
