"""The scheduler inside a process: a thread looks for what is due, one a run does it, one draws, one sends notices.

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

from django.db import connections

from seatkeeper.clock import system_clock
from seatkeeper.jobs.schedule import History, is_done, next_run
from seatkeeper.model import Instant
from seatkeeper.services import notices, redrawing, running, scheduling
from seatkeeper.services.scheduling import Waiting

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
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="scheduler", daemon=True)
        self._run_ended = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="notices", daemon=True)
        self._drawer = threading.Thread(target=self._draw, name="drawing", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._teller.start()
        self._drawer.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def ask_to_stop(self) -> None:
        """Nothing more is begun; runs end at their next page."""
        self._stopping.set()
        running.changed.set()
        redrawing.wanted.set()
        self._run_ended.set()

    def wait(self, seconds: float) -> bool:
        """Whether everything has ended within the time; a run that has not is taken up by the next process."""
        end = time.monotonic() + seconds
        for thread in (self._thread, self._teller, self._drawer):
            thread.join(max(0.0, end - time.monotonic()))
        for job in list(self._jobs.values()):  # only now: the first thread may have been about to begin one
            job.thread.join(max(0.0, end - time.monotonic()))
        return not self._jobs

    def _watch(self) -> None:
        _guarded(scheduling.catch_up)
        while not self._stopping.is_set():
            running.changed.clear()
            looked = _guarded(self._look)
            running.changed.wait(TICK) if looked else self._stopping.wait(AFTER_TROUBLE)
        connections.close_all()

    def _tell(self) -> None:
        """In a thread of its own: a receiver that is slow holds up nobody's run."""
        while not self._stopping.is_set():
            self._run_ended.clear()
            _guarded(notices.look_and_send)
            self._run_ended.wait(TELL_EVERY)
        connections.close_all()

    def _draw(self) -> None:
        """In a thread of its own: a large drawing takes seconds, and nobody's run waits for it."""
        while not self._stopping.is_set():
            redrawing.wanted.clear()
            fine = _guarded(self._draw_due)
            redrawing.wanted.wait(TICK) if fine else self._stopping.wait(AFTER_TROUBLE)
        connections.close_all()

    def _draw_due(self) -> None:
        """All that is due; what fails is in the log, keeps its mark, and holds up nothing else."""
        failed = False
        for application_id in redrawing.list_due():
            failed |= not self._stopping.is_set() and not _guarded(partial(redrawing.draw_due, application_id))
        if failed:
            self._stopping.wait(AFTER_TROUBLE)

    def _look(self) -> None:
        now = system_clock()
        for waiting in scheduling.list_waiting(now):
            if waiting.task_id in self._jobs:
                continue
            if _is_done(waiting, now):
                running.settle(waiting.task_id, waiting.word or "")
                continue
            due = _when(waiting, now)
            if due is None or due > now:
                scheduling.plan(waiting, due)
            elif self._has_room(waiting):
                self._begin(waiting, due)

    def _has_room(self, waiting: Waiting) -> bool:
        """By schedule one run at a time for a tenant: its tasks share a budget of requests and build on each other."""
        mine = [job for job in list(self._jobs.values()) if job.asked == bool(waiting.asked_by)]
        alone = waiting.asked_by or all(job.connection_id != waiting.connection_id for job in mine)
        return len(mine) < WORKERS and bool(alone) and not self._stopping.is_set()

    def _begin(self, waiting: Waiting, due: Instant) -> None:
        scheduling.plan(waiting, due)  # due until the run has ended: this process may die
        thread = threading.Thread(target=self._work, args=(waiting,), name=f"task {waiting.task_id}", daemon=True)
        self._jobs[waiting.task_id] = Job(thread, waiting.connection_id, bool(waiting.asked_by))
        thread.start()

    def _work(self, waiting: Waiting) -> None:
        """The life of one job; the only thread that touches its database connection."""
        if not _guarded(lambda: scheduling.run_waiting(waiting, self._stopping.is_set)):
            _guarded(lambda: _postpone(waiting))
        connections.close_all()
        del self._jobs[waiting.task_id]
        running.changed.set()
        self._run_ended.set()


def _is_done(waiting: Waiting, now: Instant) -> bool:
    """Whether its run has ended, but nobody noted that: it has just now, or its process died right then."""
    return waiting.due is not None and is_done(_history(waiting), waiting.due, now)


def _when(waiting: Waiting, now: Instant) -> Instant | None:
    """When the task is due: what was noted, or what its history says."""
    if waiting.due is not None or waiting.asked_by:
        return waiting.due or now
    return next_run(_history(waiting), now)


def _history(waiting: Waiting) -> History:
    return History(waiting.task_id, waiting.every_hours, waiting.failures, waiting.word, waiting.started, waiting.ended)


def _postpone(waiting: Waiting) -> None:
    now = system_clock()
    after = History(waiting.task_id, waiting.every_hours, waiting.failures + 1, None, now, now)
    scheduling.postpone(waiting.task_id, next_run(after, now) or now)


def _guarded(step: Callable[[], None]) -> bool:
    """The edge at which the loop would die: whatever happens is in the log, and the loop goes on."""
    try:
        step()
    except Exception:
        log.exception("the scheduler goes on after this")
        connections.close_all()  # a connection that was lost is opened anew
        return False
    return True
