"""The queue on PostgreSQL: Procrastinate hands each job to one of the processes that share the database.

It decides who works when, and nothing else: what is due is the sweep's to say, and who may save is the fence's. So a
job that is lost with its process need not be brought back; it is removed, and what is due is put again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

import procrastinate
from django.db import close_old_connections, connections
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from seatkeeper.jobs.job import Job, Perform
from seatkeeper.store.leases import LONGEST

log = logging.getLogger("seatkeeper.jobs")

BEAT: Final = 8.0  # seconds between two signs of life of a worker
REAP: Final = 5.0  # seconds between two looks for jobs of dead workers
POLL: Final = 1.0  # seconds: of the next job of a lock nobody is told
GRACE: Final = 8.0  # seconds to the end of a page when the process is to stop
AFTER_TROUBLE: Final = 15.0


class Procrastinate:
    """One worker a lane in an event loop of its own thread, and a thread a slot that does the jobs."""

    ahead = 64

    def __init__(self, perform: Perform, lanes: dict[str, int]) -> None:
        self._perform = perform
        self._lanes = lanes
        self._app = procrastinate.App(connector=DjangoConnector())
        self._task = self._app.task(name="seatkeeper")(self._do)
        self._stopping = threading.Event()
        self._hands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="queue", daemon=True)
        self._end: Callable[[], object] = lambda: None

    def put(self, jobs: Iterable[Job]) -> None:
        waiting = {str(each.queueing_lock): each.queue for each in self._app.job_manager.list_jobs(status="todo")}
        for job in jobs:
            if job.key in waiting or list(waiting.values()).count(job.lane) >= self.ahead:
                continue
            options = self._task.configure(queue=job.lane, lock=job.lock, queueing_lock=job.key)
            try:
                options.defer(name=job.name, subject=job.subject)
            except AlreadyEnqueued:  # by another process, just now
                continue
            waiting[job.key] = job.lane

    def start(self) -> None:
        for number in range(sum(self._lanes.values())):
            threading.Thread(target=self._lend_a_hand, name=f"hand {number}", daemon=True).start()
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def ask_to_stop(self) -> None:
        self._stopping.set()
        self._end()

    def wait(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
            except asyncio.CancelledError:
                return
            except Exception:
                log.exception("the queue goes on after this in %.0f seconds", AFTER_TROUBLE)
                self._stopping.wait(AFTER_TROUBLE)

    async def _work(self) -> None:
        """Until it is cancelled: then each worker lets its jobs end, for a while."""
        loop, main = asyncio.get_running_loop(), asyncio.current_task()
        assert main is not None
        self._end = lambda: loop.call_soon_threadsafe(main.cancel)
        if self._stopping.is_set():
            return
        # A connection for each that listens, and some for what they ask.
        connector = procrastinate.PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=len(self._lanes) + 4)
        app = self._app.with_connector(connector)
        async with app.open_async():
            workers = [
                app.run_worker_async(
                    queues=[lane],
                    name=lane,
                    concurrency=slots,
                    delete_jobs="always",
                    fetch_job_polling_interval=POLL,
                    update_heartbeat_interval=BEAT,
                    stalled_worker_timeout=LONGEST,
                    shutdown_graceful_timeout=GRACE,
                    install_signal_handlers=False,
                )
                for lane, slots in self._lanes.items()
            ]
            await asyncio.gather(*workers, self._reap(app))

    async def _do(self, name: str, subject: int) -> None:
        """A job, in a thread that ends with the process however long the job lasts."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def work() -> None:
            self._perform(Job(name, subject, "", ""), self._stopping.is_set)
            loop.call_soon_threadsafe(tell)

        def tell() -> None:
            if not done.done():
                done.set_result(None)

        self._hands.put(work)
        await done

    def _lend_a_hand(self) -> None:
        while not self._stopping.is_set():
            try:
                work = self._hands.get(timeout=POLL)
            except queue.Empty:
                continue
            close_old_connections()
            try:
                work()
            except RuntimeError:  # the loop has ended meanwhile: nobody waits for the result
                log.debug("a job ended after its queue", exc_info=True)
            close_old_connections()
        connections.close_all()

    async def _reap(self, app: procrastinate.App) -> None:
        """Remove jobs of workers that have fallen silent, and with them the locks that they hold."""
        manager: Any = app.job_manager
        while True:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=LONGEST):
                try:
                    await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
                except procrastinate.exceptions.ConnectorException:
                    log.info("a dead worker's job ended otherwise", exc_info=True)
            await asyncio.sleep(REAP)
