"""The scheduler inside a process: a thread looks for what is due, one a run does it, one refreshes, one sends notices.

The queue is the database, so nothing is lost with the process, and several processes may look: a task's lease lets
one of them in.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import InterfaceError, OperationalError, connections

from seatkeeper.clock import system_clock
from seatkeeper.jobs import housekeeping, queue, refreshes, running
from seatkeeper.jobs.queue import Waiting
from seatkeeper.jobs.schedule import is_done
from seatkeeper.notices import dispatch
from seatkeeper.store import leases

log = logging.getLogger("seatkeeper.jobs")

TICK: Final = 2.0  # seconds between two looks; another process may have asked for something
AFTER_TROUBLE: Final = 15.0  # seconds until the next look when the database could not be asked
TELL_EVERY: Final = (
    60.0  # seconds between two looks at what somebody should know; a run that ended is looked at at once
)
WORKERS: Final = 2  # runs at once by schedule, and as many again for people who ask: they need not wait for the night's


@dataclass(frozen=True, slots=True)
class Job:
    """A run under way in this process."""

    thread: threading.Thread
    connection_id: int
    asked: bool


class Scheduler:
    """Starts due tasks until it is told to stop."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._interrupted: set[int] = set()  # tasks whose last run the database ended: twice in a row is no accident
        self._stopping = threading.Event()
        self._run_ended = threading.Event()
        self._tidy = threading.Event()
        self._looked = time.monotonic()
        # Each in a thread of its own: neither a large refresh nor a slow receiver of notices holds up anybody's run.
        loops: dict[str, Callable[[], None]] = {
            "scheduler": self._watch,
            "notices": partial(self._repeat, dispatch.look_and_send, self._run_ended, TELL_EVERY),
            "refreshes": partial(self._repeat, self._refresh_due, refreshes.wanted, TICK),
            "housekeeping": partial(self._repeat, housekeeping.tidy, self._tidy, housekeeping.EVERY),
        }
        self._threads = [threading.Thread(target=loop, name=name, daemon=True) for name, loop in loops.items()]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        return self._threads[0].is_alive()  # the scheduler's own

    def looked_ago(self) -> float:
        """Seconds since it began its last look at what is due."""
        return time.monotonic() - self._looked

    def ask_to_stop(self) -> None:
        """Nothing more is begun; runs end at their next page."""
        self._stopping.set()
        running.changed.set()
        refreshes.wanted.set()
        self._run_ended.set()
        self._tidy.set()

    def wait(self, seconds: float) -> bool:
        """Whether everything has ended within the time; a run that has not is taken up by the next process."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        for job in list(self._jobs.values()):  # only now: the first thread may have been about to begin one
            job.thread.join(max(0.0, end - time.monotonic()))
        return not self._jobs

    def _watch(self) -> None:
        _guarded(queue.catch_up)
        self._repeat(self._look, running.changed, TICK)

    def _repeat(self, step: Callable[[], None], wake: threading.Event, every: float) -> None:
        """Take the step whenever something wakes it, and after so many seconds in any case, until we are stopped."""
        while not self._stopping.is_set():
            fine = _guarded(step)
            wake.wait(every) if fine else self._stopping.wait(max(every, AFTER_TROUBLE))
            wake.clear()  # the next step sees what was done until here
        connections.close_all()

    def _refresh_due(self) -> None:
        """All that is due; what fails is in the log, keeps its mark, and holds up nothing else."""
        failed = False
        for application_id in refreshes.list_due():
            failed |= not self._stopping.is_set() and not _guarded(partial(refreshes.refresh_due, application_id))
        if failed:
            self._stopping.wait(AFTER_TROUBLE)

    def _look(self) -> None:
        self._looked = time.monotonic()
        leases.shorten_impossible()
        now = system_clock()
        for waiting in queue.list_waiting(now):
            if waiting.task_id in self._jobs:
                continue
            if waiting.due is not None and is_done(waiting.history, waiting.due, now):
                # Its run has ended, but nobody noted that: it has just now, or its process died right then.
                running.settle(waiting.task_id, waiting.status or "")
                continue
            due = waiting.wanted_at(now)
            if due is None or due > now:
                queue.plan(waiting, due)
                continue
            # By schedule one run at a time for a tenant: its tasks share a budget of requests and build on each other.
            mine = [job for job in list(self._jobs.values()) if job.asked == bool(waiting.asked_by)]
            alone = waiting.asked_by or all(job.connection_id != waiting.connection_id for job in mine)
            if len(mine) < WORKERS and alone and not self._stopping.is_set() and queue.plan(waiting, due):
                # It stays due until its run has ended, because this process may die. One that was put off between the
                # look and now, as the end of its run does, is not begun again.
                name = f"task {waiting.task_id}"
                thread = threading.Thread(target=self._work, args=(waiting,), name=name, daemon=True)
                self._jobs[waiting.task_id] = Job(thread, waiting.connection_id, bool(waiting.asked_by))
                thread.start()

    def _work(self, waiting: Waiting) -> None:
        """The life of one job; the only thread that touches its database connection."""
        try:
            queue.run_waiting(waiting, self._stopping.is_set)
        except (OperationalError, InterfaceError):
            # The database was away. The task is still due, and run when the database is back; were it the task that
            # upsets the database, it would be tried again after ever longer waits.
            log.exception("the database was away during task %s", waiting.task_id)
            connections.close_all()  # it is opened anew
            again = waiting.task_id in self._interrupted
            self._interrupted ^= {waiting.task_id}
            while not _guarded(lambda: queue.give_back(waiting, put_off=again)):
                if self._stopping.wait(AFTER_TROUBLE):
                    break
        except Exception:
            log.exception("the scheduler goes on after this")
            connections.close_all()
            _guarded(lambda: queue.postpone(waiting))
        else:
            self._interrupted.discard(waiting.task_id)
        connections.close_all()
        del self._jobs[waiting.task_id]
        running.changed.set()
        self._run_ended.set()


def _guarded(step: Callable[[], None]) -> bool:
    """The edge at which the loop would die: whatever happens is in the log, and the loop goes on."""
    try:
        step()
    except Exception:
        log.exception("the scheduler goes on after this")
        connections.close_all()  # a connection that was lost is opened anew
        return False
    return True
