"""The database as the queue: what is due, what is done, and what members say about it."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import NotAllowed
from seatkeeper.jobs import queue, running, work
from seatkeeper.jobs.queue import Waiting
from seatkeeper.jobs.scheduler import Scheduler
from seatkeeper.jobs.sweep import sweep
from seatkeeper.model import RunStatus
from seatkeeper.services import tasks
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Connection, Run, Task

from .conftest import roster, wait_for

pytestmark = pytest.mark.both_engines


def waiting() -> list[Waiting]:
    return queue.list_waiting(system_clock())


def test_a_task_waits_until_it_is_planned_and_then_until_it_is_due(application: Application) -> None:
    (found,) = waiting()
    assert (found.due, found.status) == (None, None)
    queue.plan(found, system_clock() + days(1))
    assert waiting() == []


def test_what_a_person_says_meanwhile_is_not_planned_away(application: Application) -> None:
    (seen,) = waiting()
    tasks.run_now(operator(), application.pk, "roster")
    queue.plan(seen, system_clock() + days(1))
    (still,) = waiting()
    assert still.asked_by == "command line"


@pytest.mark.parametrize("change", [{"paused": True}, {"enabled": False}])
def test_a_task_that_is_paused_or_not_ticked_runs_only_for_somebody_who_asks(
    application: Application, change: dict[str, bool]
) -> None:
    Task.objects.update(**change)
    assert waiting() == []
    tasks.run_now(operator(), application.pk, "roster")
    assert [found.task_id for found in waiting()] == [roster().pk]


def test_a_task_that_somebody_is_at_does_not_wait(application: Application) -> None:
    assert leases.claim(roster().pk, leases.this_process()) is not None
    assert waiting() == []
    tasks.run_now(operator(), application.pk, "roster", full=True)
    assert roster().asked_by == ""  # the run under way is the one that was asked for


def test_a_dead_process_does_not_hold_a_task(application: Application) -> None:
    dead = leases.this_process().rpartition(":")[0] + ":1"
    Task.objects.filter(key="roster").update(lease_owner=dead, lease_until=system_clock() + days(1))
    assert len(waiting()) == 1


def test_only_those_who_may_say_anything(application: Application) -> None:
    viewer = Who(operator().organization_id, "viewer", ROLES[Role.VIEWER])
    for say in (tasks.run_now, tasks.stop, tasks.pause, tasks.resume):
        with pytest.raises(NotAllowed):
            say(viewer, application.pk, "roster")


def test_a_door_that_does_not_open_is_a_refused_run_and_not_tried_again_today(application: Application) -> None:
    Connection.objects.update(credential=b"damaged")
    (found,) = waiting()
    queue.run_waiting(found, lambda: False)
    run = Run.objects.get()
    assert (run.status, run.asked_by) == (RunStatus.REFUSED, "scheduler")
    assert "Authorize" in run.message
    _one_look()
    assert (roster().due or 0) > system_clock() + days(0.9)


def test_a_bug_in_a_run_is_logged_and_tried_again_later(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(queue, "run_waiting", fail)
    monkeypatch.setattr(work.log, "propagate", True)
    scheduler = Scheduler()
    scheduler.start()
    wait_for(lambda: roster().failures == 1, "the failure is noted")
    scheduler.ask_to_stop()
    assert scheduler.wait(20)
    assert (roster().due or 0) > system_clock()


def test_a_run_that_was_put_off_since_the_scheduler_looked_is_not_begun(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr(queue, "run_waiting", lambda waiting, _stop: begun.append(waiting.task_id))
    jobs = [job for job in sweep() if job.name == "run"]
    assert jobs
    Task.objects.update(due=system_clock() + days(1))
    for job in jobs:
        work.perform(job, lambda: False)
    assert begun == []


def test_a_run_that_was_just_begun_when_the_process_was_told_to_stop_is_waited_for(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    beginning, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def run_slowly(*_: object) -> None:
        beginning.set()
        assert go_on.wait(20)
        ended.set()

    monkeypatch.setattr(queue, "run_waiting", run_slowly)
    scheduler = Scheduler()
    scheduler.start()
    assert beginning.wait(20)
    scheduler.ask_to_stop()
    threading.Timer(0.2, go_on.set).start()  # when `wait` waits already
    assert scheduler.wait(20)
    assert ended.is_set()


def test_a_run_that_ended_when_nobody_could_note_it_is_not_run_again(application: Application) -> None:
    now = system_clock()
    Task.objects.filter(key="roster").update(due=now - 10, asked_by="somebody")
    Run.objects.create(
        task=roster(),
        organization_id=application.organization_id,
        status=RunStatus.COMPLETE,
        started=now - 20,
        ended=now - 5,
    )
    _one_look()
    assert Run.objects.count() == 1
    assert roster().asked_by == ""


def test_many_schedulers_run_a_task_once(application: Application) -> None:
    schedulers = [Scheduler() for _ in range(4)]
    for scheduler in schedulers:
        scheduler.start()
    wait_for(lambda: Run.objects.filter(status=RunStatus.COMPLETE).exists(), "the run")
    wait_for(lambda: roster().due is not None and not roster().lease_owner, "the plan")
    for scheduler in schedulers:
        scheduler.ask_to_stop()
    assert all(scheduler.wait(120) for scheduler in schedulers)
    assert Run.objects.count() == 1


def test_who_comes_late_does_not_do_what_another_has_just_done(application: Application) -> None:
    (found,) = waiting()
    queue.run_waiting(found, threading.Event().is_set)
    queue.run_waiting(found, threading.Event().is_set)
    assert Run.objects.count() == 1


def test_a_stop_is_looked_for_at_most_once_a_second(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=lambda: moment[0]))  # not everybody's clock
    stop = running.Stop(roster().pk, lambda: False)
    assert not stop()
    Task.objects.update(stop_asked=True)
    moment[0] += 0.9
    assert not stop()
    moment[0] += 0.2
    assert stop()
    assert running.Stop(roster().pk, lambda: True)()


def test_a_mark_to_stop_that_outlived_its_run_stops_no_other(application: Application) -> None:
    Task.objects.update(stop_asked=True)
    (found,) = waiting()
    queue.run_waiting(found, threading.Event().is_set)
    assert Run.objects.get().status == RunStatus.COMPLETE


def _one_look() -> None:
    """One look at what is due, by a process that begins nothing."""
    list(sweep())
