"""The queue on PostgreSQL: Procrastinate hands each job to one of the processes that share the database.

It decides who works when, and nothing else: what is due is the sweep's to say, and who may save is the fence's. So a
job that is lost with its process need not be brought back; it is removed, and what is due is put again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

import procrastinate
from django.db import close_old_connections, connections
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from procrastinate.worker import Worker

from seatkeeper.jobs.job import AFTER_TROUBLE, AHEAD, Job, Perform
from seatkeeper.store.leases import BEAT, LONGEST

log = logging.getLogger("seatkeeper.jobs")

LOOK: Final = 0.2  # seconds between two looks at whether the process is to stop
REAP: Final = 5.0  # seconds between two looks for jobs of dead workers
POLL: Final = 1.0  # seconds: of the next job of a lock nobody is told
GRACE: Final = 8.0  # seconds to the end of a page when the process is to stop


class Procrastinate:
    """One worker a lane in an event loop of its own thread, and a thread a slot that does the jobs."""

    def __init__(self, perform: Perform, lanes: dict[str, int]) -> None:
        self._perform = perform
        self._lanes = lanes
        self._app = procrastinate.App(connector=DjangoConnector())
        self._task = self._app.task(name="seatkeeper")(self._do)
        self._stopping = threading.Event()
        self._at_work: set[Job] = set()
        self._hands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="queue", daemon=True)

    def put(self, jobs: Iterable[Job]) -> None:
        found = self._app.job_manager.list_jobs(status="todo")
        waiting, count = {each.queueing_lock for each in found}, Counter(each.queue for each in found)
        for job in jobs:
            if job.key in waiting or count[job.lane] >= AHEAD:
                continue
            options = self._task.configure(queue=job.lane, lock=job.lock, queueing_lock=job.key)
            try:
                options.defer(name=job.name, subject=job.subject, lane=job.lane)
            except AlreadyEnqueued:  # by another process, just now
                continue
            waiting.add(job.key)
            count[job.lane] += 1

    def start(self) -> None:
        for number in range(sum(self._lanes.values())):
            threading.Thread(target=self._lend_a_hand, name=f"hand {number}", daemon=True).start()
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive() and not self._at_work

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
            except Exception:
                log.exception("the queue goes on after this in %.0f seconds", AFTER_TROUBLE)
                self._stopping.wait(AFTER_TROUBLE)

    async def _work(self) -> None:
        """Until the process is to stop, or something fails; then each worker lets its jobs end, for a while."""
        # Two connections for all questions, beside the one on which each worker listens.
        connector = procrastinate.PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=2)
        app = self._app.with_connector(connector)
        async with app.open_async():
            workers: list[Any] = [  # its methods are not annotated
                Worker(
                    app,
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
            tasks = [asyncio.create_task(each) for each in (*(worker.run() for worker in workers), self._watch(app))]
            ended, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for worker in workers:
                worker.stop()
            await asyncio.gather(*others, return_exceptions=True)
            for each in ended:
                each.result()

    async def _watch(self, app: procrastinate.App) -> None:
        """Remove jobs of workers that have fallen silent, and with them their locks, until the process is to stop."""
        manager: Any = app.job_manager
        looked = 0.0
        while not self._stopping.is_set():
            if time.monotonic() >= looked + REAP:
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=LONGEST):
                    try:
                        await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
                    except procrastinate.exceptions.ConnectorException:
                        log.info("a dead worker's job ended otherwise", exc_info=True)
                looked = time.monotonic()
            await asyncio.sleep(LOOK)

    async def _do(self, name: str, subject: int, lane: str) -> None:
        """A job, in a thread that ends with the process however long the job lasts."""
        loop, job = asyncio.get_running_loop(), Job(name, subject, lane, "")
        done = loop.create_future()
        self._at_work.add(job)

        def work() -> None:
            try:
                if not self._stopping.is_set():
                    self._perform(job, self._stopping.is_set)
            finally:
                self._at_work.discard(job)
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
