"""What is put into the queue, in which order and lane; the same on both engines, whatever driver does it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import BadInput, SeatkeeperError, Throttled, Unavailable
from seatkeeper.jobs import queue, sweep, work
from seatkeeper.jobs.job import ASKED, SCHEDULED, TROUBLED, Job, lanes
from seatkeeper.jobs.queue import Waiting, by_organization
from seatkeeper.model import RunStatus
from seatkeeper.services import tasks
from seatkeeper.services.members import operator
from seatkeeper.store.models import Application, Connection, RecurringJob, Run, Task

from .conftest import added, roster

pytestmark = pytest.mark.both_engines


def runs() -> list[Job]:
    return [job for job in sweep.sweep() if job.name == "run"]


def do(*jobs: Job) -> None:
    for job in jobs:
        work.perform(job, lambda: False)


def of(organization_id: int, task_id: int, asked_by: str = "") -> Waiting:
    return Waiting(task_id, task_id, 24, 0, 0, asked_by, None, None, None, 0, 0, None, organization_id)


def test_a_hundred_tenants_of_one_organization_do_not_go_before_the_only_one_of_another() -> None:
    waiting = [*(of(1, number) for number in range(100)), of(2, 100), of(3, 101, "ada")]
    order = [one.task_id for one in by_organization(waiting, {})]
    assert order[:4] == [101, 0, 100, 1]
    assert sorted(order) == list(range(102))
    busy = [one.task_id for one in by_organization(waiting, {2: 3})]
    assert busy.index(100) == 5  # three of it are under way already


def test_what_people_ask_for_and_what_is_in_trouble_have_lanes_of_their_own(application: Application) -> None:
    assert [(job.lane, job.lock) for job in runs()] == [(SCHEDULED, f"connection {application.connection_id}")]
    Task.objects.update(failures=1)
    assert [job.lane for job in runs()] == [TROUBLED]
    tasks.run_now(operator(), application.pk, "roster")
    assert [job.lane for job in runs()] == [ASKED]
    assert lanes(4) == {SCHEDULED: 4, ASKED: 4, TROUBLED: 1, "system": 4}


def fail_with(monkeypatch: pytest.MonkeyPatch, error: SeatkeeperError) -> None:
    def identify(_: Any) -> None:
        raise error

    monkeypatch.setattr("seatkeeper.connectors.microsoft.connector.MicrosoftConnector.identify", identify)


def test_the_other_tasks_of_a_tenant_that_does_not_answer_are_not_tried(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with added("licenses", "roster") as application:
        fail_with(monkeypatch, Unavailable("nobody answers"))
        jobs = runs()
        assert len(jobs) == 2
        do(*jobs)
        assert Run.objects.count() == 1
        until = Connection.objects.get().out_of_reach_until or 0
        assert seconds(14 * 60) < until - system_clock() <= seconds(15 * 60)
        assert runs() == []
        tasks.run_now(operator(), application.pk, "roster")
        assert [job.lane for job in runs()] == [ASKED]  # whoever asks is not refused
        monkeypatch.undo()
        do(*runs())
        assert Connection.objects.get().out_of_reach_until is None  # it answered
        assert {job.lane for job in runs()} <= {SCHEDULED, TROUBLED}


def test_a_tenant_is_not_left_alone_by_a_moment_that_a_wrong_clock_noted(application: Application) -> None:
    Connection.objects.update(out_of_reach_until=system_clock() + days(40))
    assert [job.lane for job in runs()] == [TROUBLED]


def test_a_long_wait_that_the_vendor_asks_for_gives_the_slot_back(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = system_clock() + seconds(7200)
    fail_with(monkeypatch, Throttled("later", until=until))
    do(*runs())
    assert (roster().due, roster().failures) == (until, 0)
    assert (Run.objects.get().status, runs()) == (RunStatus.FAILED, [])
    Task.objects.update(due=system_clock() - 1)
    Run.objects.update(ended=system_clock() - seconds(7200))
    assert [job.lane for job in runs()] == [SCHEDULED]


def test_what_comes_back_is_for_one_of_several_processes(database: object) -> None:
    found: list[Job] = []
    start = threading.Barrier(4)

    def look() -> None:
        start.wait()
        found.extend(sweep.list_recurring())
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job.name for job in found) == sorted(sweep.RECURRING)
    assert list(sweep.list_recurring()) == []
    sweep.hasten("notices")
    RecurringJob.objects.update(due=system_clock() + days(40))  # by a clock that is right again
    assert len(list(sweep.list_recurring())) == len(sweep.RECURRING)


def test_a_job_of_a_newer_version_is_left_out(database: object, caplog: pytest.LogCaptureFixture) -> None:
    do(Job("of tomorrow", 0, "system", "x"))


def test_one_that_waits_by_schedule_is_put_off_by_whoever_cancels_it(application: Application) -> None:
    (job,) = runs()
    tasks.cancel(operator(), roster().pk)
    do(job)
    assert (runs(), Run.objects.count()) == ([], 0)
    assert (roster().due or 0) > system_clock() + days(0.9)
    with pytest.raises(BadInput, match="does not wait"):
        tasks.cancel(operator(), roster().pk)


def test_two_sweeps_at_once_run_a_task_once(application: Application) -> None:
    do(*runs(), *runs())
    assert Run.objects.count() == 1
    assert queue.look(roster().pk, system_clock()) is None
