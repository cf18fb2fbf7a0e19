"""A clock that was wrong, a process that is frozen, a database that was away: nothing falls silent."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, transaction

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import BadInput, LeaseLost
from seatkeeper.jobs import queue, scheduler
from seatkeeper.jobs.scheduler import Scheduler
from seatkeeper.model import Instant, RunStatus
from seatkeeper.notices.runs import find_overdue_tasks
from seatkeeper.services import runs
from seatkeeper.services.members import operator
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Connection, Run, Task

from .conftest import roster, wait_for

HOUR = seconds(3600)


def ran(ended: Instant, status: RunStatus = RunStatus.COMPLETE) -> Run:
    task = roster()
    return Run.objects.create(
        task=task, organization_id=task.connection.organization_id, status=status, started=ended, ended=ended
    )


def due_now() -> list[int]:
    now = system_clock()
    return [one.task_id for one in queue.list_waiting(now) if (one.wanted_at(now) or now + 1) <= now]


@pytest.mark.parametrize("hours", [1, 24, 168])
def test_a_task_that_a_clock_ahead_put_off_for_weeks_runs_now(application: Application, hours: int) -> None:
    now = system_clock()
    ran(now + days(40))
    Task.objects.update(due=now + days(40) + hours * HOUR, every_hours=hours)
    assert due_now() == [roster().pk]
    ran(now)
    Task.objects.update(due=None)
    assert due_now() == []  # the run of today counts, whatever a later date an earlier one has


def test_a_moment_that_can_be_stays(application: Application) -> None:
    now = system_clock()
    ran(now)
    Task.objects.update(due=now + days(1))
    assert queue.list_waiting(now) == []
    Task.objects.update(due=now + days(1), every_hours=1, failures=9)
    ran(now, RunStatus.FAILED)
    assert queue.list_waiting(now) == []


def test_a_lease_from_the_future_of_another_host_ends_as_if_taken_now(application: Application) -> None:
    Task.objects.update(lease_owner="elsewhere:1:1", lease_until=system_clock() + days(40))
    assert leases.claim(roster().pk, leases.this_process()) is None  # it may be alive: it has its half minute
    assert (roster().lease_until or 0) <= system_clock() + seconds(leases.LONGEST)
    Task.objects.update(lease_until=system_clock() - 1)
    assert leases.claim(roster().pk, leases.this_process()) is not None


def test_an_operator_breaks_a_run_and_what_its_process_still_reads_is_not_saved(application: Application) -> None:
    fence = leases.claim(roster().pk, "elsewhere:1:1")
    run = ran(system_clock(), RunStatus.RUNNING)
    assert fence is not None
    assert due_now() == []
    runs.break_run(operator(), run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.INTERRUPTED
    assert due_now() == [roster().pk]
    with pytest.raises(LeaseLost), transaction.atomic():
        leases.hold(roster().pk, fence)
    with pytest.raises(BadInput, match="nobody is at the task"):
        runs.break_run(operator(), run.pk)


def test_overdue_is_told_of_a_task_that_was_last_run_long_ago_or_in_the_future(application: Application) -> None:
    now, organization = system_clock(), application.organization_id

    def told() -> list[str]:
        return [one.body for one in find_overdue_tasks(organization, now)]

    assert told() == []
    Connection.objects.update(created=now - days(3))
    assert ["never" in body for body in told()] == [True]
    ran(now - days(1))
    assert told() == []
    ran(now + days(40))
    assert ["in the future" in body for body in told()] == [True]
    ran(now - days(3))
    assert ["every 24 hours" in body for body in told()] == [True]
    Task.objects.update(paused=True)
    assert told() == []


def test_after_the_database_was_away_a_task_runs_when_it_is_back(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def lose_the_database(waiting: queue.Waiting, _stop: Any) -> None:
        begun.append(waiting.task_id)
        if len(begun) < 3:
            leases.claim(waiting.task_id, leases.this_process())
            raise OperationalError("the server closed the connection")

    monkeypatch.setattr(queue, "run_waiting", lose_the_database)
    monkeypatch.setattr(scheduler, "TICK", 0.05)
    process = Scheduler()
    process.start()
    wait_for(lambda: len(begun) == 2, "it is tried again at once")
    wait_for(lambda: roster().failures == 1, "twice in a row is no accident")
    process.ask_to_stop()
    assert process.wait(20)
    assert roster().lease_owner == ""
    assert (roster().due or 0) > system_clock()


def test_a_run_ends_at_its_next_page_when_its_last_application_is_deactivated(application: Application) -> None:
    from seatkeeper.jobs import running

    assert not running.Stop(roster().pk, lambda: False)()
    Application.objects.update(active=False)
    assert running.Stop(roster().pk, lambda: False)()
