"""The scheduler inside a process: a thread looks for what is due, and a driver does it.

The database is the queue of record, so nothing is lost with a process, and any number of them may look.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Final

from django.db import connection, connections

from seatkeeper.jobs import running, work
from seatkeeper.jobs.job import AFTER_TROUBLE, Driver, lanes
from seatkeeper.jobs.sweep import hasten, sweep
from seatkeeper.jobs.threads import Threads
from seatkeeper.settings import SEATKEEPER

TICK: Final = 1.0  # seconds between two looks; another process may have asked for something


def make_driver(slots: int) -> Driver:
    """What does the jobs: threads where the database is a file, else Procrastinate."""
    if connection.vendor == "sqlite":
        return Threads(work.perform, lanes(slots))
    from seatkeeper.jobs.postgres import Procrastinate  # noqa: PLC0415 - a third of a second, for a scheduler alone

    return Procrastinate(work.perform, lanes(slots))


class Scheduler:
    """Has done what is due until it is told to stop."""

    def __init__(self, driver: Driver | None = None) -> None:
        self._driver = driver or make_driver(SEATKEEPER.slots)
        self._stopping = threading.Event()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="scheduler", daemon=True)

    def start(self) -> None:
        self._driver.start()
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive() and self._driver.is_alive()

    def looked_ago(self) -> float:
        """Seconds since it began its last look at what is due."""
        return time.monotonic() - self._looked

    def ask_to_stop(self) -> None:
        """Nothing more is begun; runs end at their next page."""
        self._stopping.set()
        running.changed.set()
        self._driver.ask_to_stop()

    def wait(self, seconds: float) -> bool:
        """Whether everything has ended within the time; a run that has not is taken up by the next process."""
        end = time.monotonic() + seconds
        self._thread.join(seconds)
        return self._driver.wait(max(0.0, end - time.monotonic())) and not self._thread.is_alive()

    def _watch(self) -> None:
        work.guarded(partial(hasten, "catch-up"))  # whatever a process that died has read and not shown
        while not self._stopping.is_set():
            fine = work.guarded(self._look)
            running.changed.wait(TICK) if fine else self._stopping.wait(AFTER_TROUBLE)
            running.changed.clear()  # the next look sees what was done until here
        connections.close_all()

    def _look(self) -> None:
        self._looked = time.monotonic()
        self._driver.put(sweep())
