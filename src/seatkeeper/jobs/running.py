"""One run of one task, for whoever asked for it: it stops when somebody wants it to, and leaves the task settled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from django.db.models import Exists, F, OuterRef

from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import NotReady, Throttled, Unavailable
from seatkeeper.jobs.schedule import wait_after
from seatkeeper.model import Instant, RunStatus
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Connection, Task
from seatkeeper.sync.run import Outcome, run_task
from seatkeeper.sync.work import Work

LOOK_AGAIN: Final = seconds(15 * 60)  # after a run that the vendor was not ready for
LOOK_EVERY: Final = 1.0  # seconds between two looks at whether somebody wants the run to stop

changed: Final = threading.Event()  # something is to be done: the scheduler of this process need not wait for its tick


class Stop:
    """Asked at every page boundary: by a signal to this process, or by a mark in the database from any process.

    A tenant whose last application was deactivated or deleted is read no further either.
    """

    def __init__(self, task_id: int, signalled: Callable[[], bool]) -> None:
        self.task_id = task_id
        self.signalled = signalled
        self.asked = False
        self.next_look = 0.0

    def __call__(self) -> bool:
        if self.signalled():
            return True
        if time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + LOOK_EVERY
            wanted = Exists(Application.objects.filter(connection=OuterRef("connection"), active=True))
            self.asked = not Task.objects.filter(wanted, pk=self.task_id, stop_asked=False).exists()
        return self.asked


def run(work: Work) -> Outcome:
    """Run the task to its one status. Raises AlreadyRunning, and what is a bug of ours."""
    if not is_running(work.task):
        Task.objects.filter(pk=work.task.pk).update(stop_asked=False)  # a mark that outlived the run it was meant for
    stop = work.stop = Stop(work.task.pk, work.stop)
    outcome = run_task(work)
    # A run that its process gave up is still wanted: the task stays due, and the next start goes on with it.
    if outcome.run.status != RunStatus.INTERRUPTED or stop.asked:
        settle(work.task.pk, outcome.run.status)
    if isinstance(outcome.error, Throttled):  # the slot is given back meanwhile
        latest = system_clock() + seconds(work.task.every_hours * 3600)
        Task.objects.filter(pk=work.task.pk).update(due=min(outcome.error.until, latest), failures=0)
    elif isinstance(outcome.error, NotReady):
        Task.objects.filter(pk=work.task.pk).update(due=system_clock() + LOOK_AGAIN)
    _note_reach(work, outcome)
    return outcome


def _note_reach(work: Work, outcome: Outcome) -> None:
    """Whether the tenant answers. While it does not, its other tasks are not tried either, each for minutes."""
    connection = Connection.objects.filter(pk=work.task.connection_id)
    if isinstance(outcome.error, Unavailable) and not outcome.run.pages:
        failures = Task.objects.values_list("failures", flat=True).get(pk=work.task.pk)
        connection.update(out_of_reach_until=system_clock() + wait_after(failures))
    elif outcome.error is None:
        connection.filter(out_of_reach_until__isnull=False).update(out_of_reach_until=None)


def is_running(task: Task, moment: Instant | None = None) -> bool:
    """Whether a living process is at it, as far as can be known from here; `moment` is now, by the leases' clock."""
    held = task.lease_owner and (task.lease_until or 0) >= (leases.now() if moment is None else moment)
    return bool(held) and not leases.owner_is_dead(task.lease_owner)


def settle(task_id: int, status: str) -> None:
    """What was wanted is done: when the task is due next is for the scheduler to say."""
    failures = {RunStatus.COMPLETE: 0, RunStatus.HELD: 0, RunStatus.INTERRUPTED: F("failures")}.get(
        RunStatus(status), F("failures") + 1
    )
    Task.objects.filter(pk=task_id).update(due=None, asked_by="", asked_full=False, stop_asked=False, failures=failures)
