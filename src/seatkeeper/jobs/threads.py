"""The queue where the database is one file: a thread a job, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from django.db import connections

from seatkeeper.jobs.job import Job, Perform


class Threads:
    """What waits is lost with the process, and found due by the next one."""

    def __init__(self, perform: Perform, lanes: dict[str, int]) -> None:
        self._perform = perform
        self._slots = lanes
        self._waiting: dict[str, Job] = {}
        self._running: dict[str, tuple[Job, threading.Thread]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def put(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            with self._lock:
                if job.key not in self._running:
                    self._waiting.setdefault(job.key, job)
        self._begin()

    def start(self) -> None:
        self._begin()

    def is_alive(self) -> bool:
        return not self._stopping.is_set()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        for _, thread in list(self._running.values()):
            thread.join(max(0.0, end - time.monotonic()))
        return not self._running

    def _begin(self) -> None:
        """What has a slot and its lock, in order."""
        with self._lock:
            for job in list(self._waiting.values()):
                at_work = [other for other, _ in self._running.values()]
                free = sum(other.lane == job.lane for other in at_work) < self._slots[job.lane]
                if free and all(other.lock != job.lock for other in at_work) and not self._stopping.is_set():
                    thread = threading.Thread(target=self._work, args=(job,), name=job.key, daemon=True)
                    del self._waiting[job.key]
                    self._running[job.key] = job, thread
                    thread.start()

    def _work(self, job: Job) -> None:
        """The life of one job; the only thread that touches its database connection."""
        try:
            self._perform(job, self._stopping.is_set)
        finally:
            connections.close_all()
            with self._lock:
                del self._running[job.key]
            self._begin()
