"""What both drivers of the queue promise: threads on SQLite, Procrastinate on PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections

from seatkeeper.jobs import postgres, work
from seatkeeper.jobs.job import ASKED, SCHEDULED, TROUBLED, Driver, Job, Perform, lanes
from seatkeeper.jobs.postgres import Procrastinate
from seatkeeper.jobs.scheduler import make_driver

from ..conftest import Database
from .conftest import wait_for

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("database")]


class Hands:
    """Does jobs as a test wants it, and notes what was done, with how many beside it."""

    def __init__(self, do: Callable[[Job, Callable[[], bool]], None] = lambda job, stop: None) -> None:
        self.do = do
        self.begun: list[Job] = []
        self.ended: list[int] = []
        self.at_once: list[int] = []

    def __call__(self, job: Job, stop: Callable[[], bool]) -> None:
        self.begun.append(job)
        self.at_once.append(len(self.begun) - len(self.ended))
        try:
            self.do(job, stop)
        finally:
            self.ended.append(job.subject)


@contextmanager
def started(monkeypatch: pytest.MonkeyPatch, perform: Perform, slots: int = 2) -> Iterator[Driver]:
    monkeypatch.setattr(work, "perform", perform)
    monkeypatch.setattr(postgres, "POLL", 0.2)
    driver = make_driver(slots)
    driver.start()
    yield driver
    driver.ask_to_stop()
    driver.wait(20)


def wait_a_while(event: threading.Event) -> None:
    event.wait(20)


def run(subject: int, lane: str = SCHEDULED, lock: str = "") -> Job:
    return Job("run", subject, lane, lock or f"connection {subject}")


def test_a_job_that_waits_already_waits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    go, hands = threading.Event(), Hands(lambda job, stop: wait_a_while(go))
    with started(monkeypatch, hands, slots=1) as driver:
        driver.put([run(1)])
        wait_for(lambda: len(hands.begun) == 1, "the first")
        driver.put([run(2), run(2)])
        driver.put([run(2), run(3)])
        go.set()
        wait_for(lambda: len(hands.ended) == 3, "all")
    assert hands.ended == [1, 2, 3]


def test_of_a_tenant_one_job_is_done_at_a_time_and_of_several_as_many_as_there_are_slots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    same, others = Hands(lambda job, stop: time.sleep(0.05)), Hands(lambda job, stop: time.sleep(0.2))
    with started(monkeypatch, same) as driver:
        driver.put([run(number, lock="connection 1") for number in range(4)])
        wait_for(lambda: len(same.ended) == 4, "all of one tenant")
    with started(monkeypatch, others) as driver:
        driver.put([run(number) for number in range(6)])
        wait_for(lambda: len(others.ended) == 6, "all of several")
    assert (max(same.at_once), max(others.at_once)) == (1, 2)


def test_what_hangs_in_its_lane_holds_up_no_other_and_people_do_not_wait_for_the_night(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = threading.Event()

    def hang(job: Job, _stop: Callable[[], bool]) -> None:
        if job.subject < 20:
            go.wait(20)

    hands = Hands(hang)
    with started(monkeypatch, hands) as driver:
        driver.put([run(number, TROUBLED) for number in range(10)])
        driver.put([run(number) for number in range(30, 50)])
        wait_for(lambda: len(hands.ended) == 20, "those that do not hang")
        assert [job.lane for job in hands.begun].count(TROUBLED) <= 1
        driver.put([run(number) for number in range(10, 14)])
        wait_for(lambda: len(hands.begun) >= 22, "the night's slots are taken")
        asked = time.monotonic()
        driver.put([run(12, ASKED, "task 12"), run(99, ASKED, "task 99")])
        wait_for(lambda: 99 in hands.ended, "what a person asked for")
        assert time.monotonic() - asked < 2
        go.set()


def test_what_a_person_asks_for_is_not_lost_behind_the_same_run_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    hands = Hands(lambda job, stop: wait_a_while(go) if job.lane == SCHEDULED else None)
    with started(monkeypatch, hands, slots=1) as driver:
        driver.put([run(1), run(2)])
        driver.put([run(2, ASKED, "task 2")])
        wait_for(lambda: 2 in hands.ended, "the asked one")
        go.set()


def test_a_process_that_is_to_stop_tells_its_jobs_begins_none_and_ends_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "GRACE", 0.5)
    hang = threading.Event()

    def until_stopped(job: Job, stop: Callable[[], bool]) -> None:
        while not stop() or (job.subject == 1 and not hang.wait(0.01)):
            time.sleep(0.01)

    hands = Hands(until_stopped)
    with started(monkeypatch, hands) as driver:
        driver.put([run(1), run(2), run(3)])
        wait_for(lambda: len(hands.begun) == 2, "two")
        began = time.monotonic()
        driver.ask_to_stop()
        assert not driver.wait(3)  # one hangs
        assert time.monotonic() - began < 5
        assert hands.ended == [2]
        hang.set()
        wait_for(lambda: len(hands.ended) == 2, "the one that hung")
    assert [job.subject for job in hands.begun] == [1, 2]


def test_two_processes_do_each_job_once(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    if database.engine == "sqlite":
        pytest.skip("there each process has a queue of its own, and a task's lease lets one of them in")
    hands = Hands(lambda job, stop: time.sleep(0.02))
    with started(monkeypatch, hands) as one, started(monkeypatch, hands) as two:

        def put(driver: Driver) -> None:
            driver.put([run(number) for number in range(20)])
            connections.close_all()

        putting = [threading.Thread(target=put, args=(driver,)) for driver in (one, two)]
        for thread in putting:
            thread.start()
        for thread in putting:
            thread.join()
        wait_for(lambda: len(hands.ended) >= 20, "all")
    assert len(set(hands.ended)) == 20
    assert len(hands.ended) <= 24  # one that had begun when the other put it is put again, and finds nothing due


def test_a_dead_workers_job_and_its_lock_are_removed(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    if database.engine == "sqlite":
        pytest.skip("there a queue ends with its process")
    monkeypatch.setattr(postgres, "REAP", 0.2)
    Procrastinate(Hands(), lanes(1)).put([run(1, lock="connection 1")])
    with psycopg.connect(database.url, autocommit=True) as base:
        base.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '29 s')")
        base.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM procrastinate_workers)"
        )
        hands = Hands()
        with started(monkeypatch, hands) as driver:
            driver.put([run(2, lock="connection 1")])
            time.sleep(0.5)
            assert hands.begun == []  # it has been silent for less than it may
            base.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'")
            wait_for(lambda: hands.ended == [2], "the next of the tenant")
        assert base.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)


def test_the_queue_goes_on_after_the_database_was_away(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    if database.engine == "sqlite":
        pytest.skip("a file is never away")
    monkeypatch.setattr(postgres, "AFTER_TROUBLE", 0.1)
    hands = Hands()
    with started(monkeypatch, hands) as driver:
        driver.put([run(1)])
        wait_for(lambda: hands.ended == [1], "the first")
        with psycopg.connect(database.url, autocommit=True) as base:
            base.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                         " AND datname = current_database()")  # fmt: skip

        def put_again() -> bool:
            work.guarded(lambda: driver.put([run(2)]))
            return 2 in hands.ended

        wait_for(put_again, "the second")
        assert driver.is_alive()
