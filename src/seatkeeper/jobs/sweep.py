"""What is to be done now: the only scheduler, whatever driver does it. Several processes may sweep at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from django.db.models import Q

from seatkeeper.clock import seconds, system_clock
from seatkeeper.jobs import joining, queue, refreshes, running, tenant_checks
from seatkeeper.jobs.job import AHEAD, ASKED, SCHEDULED, SYSTEM, TROUBLED, Job
from seatkeeper.jobs.queue import Waiting
from seatkeeper.jobs.schedule import is_done
from seatkeeper.store import leases
from seatkeeper.store.models import RecurringJob

RECURRING: Final = {"notices": 60.0, "housekeeping": 3600.0, "catch-up": 3600.0}  # seconds from one to the next
DUE: Final = {"joining": joining.is_due, "checks": tenant_checks.is_due}
CLOCKS_DIFFER: Final = 60.0  # seconds, between the machines that share a database
SOON: Final = 5.0  # seconds: of many runs that end, the first one hastens


def sweep() -> Iterator[Job]:
    """The jobs whose turn it is, so many for each lane as may wait there; notes of each task when it is due."""
    leases.shorten_impossible()
    yield from list_recurring()
    yield from (Job("refresh", pk, SYSTEM, f"refresh {pk}") for pk in refreshes.list_due()[:AHEAD])
    yield from (Job(name, 0, SYSTEM, name) for name, is_due in DUE.items() if is_due())
    now, put = system_clock(), Counter[str]()
    for waiting in queue.list_waiting(now):
        if waiting.due is not None and is_done(waiting.history, waiting.due, now):
            # Its run has ended, but nobody noted that: it has just now, or its process died right then.
            running.settle(waiting.task_id, waiting.status or "")
            continue
        due = waiting.wanted_at(now)
        if due != waiting.due and not queue.plan(waiting, due):
            continue  # something else was said since it was looked at
        if due is None or due > now:
            continue
        job = to_job(waiting)
        put[job.lane] += 1
        if put[job.lane] <= AHEAD:
            yield job


def to_job(waiting: Waiting) -> Job:
    """By schedule one run at a time for a tenant: its tasks share a budget of requests and build on each other."""
    if waiting.asked_by:
        return Job("run", waiting.task_id, ASKED, f"task {waiting.task_id}")
    in_trouble = waiting.failures or waiting.out_of_reach_until is not None
    return Job("run", waiting.task_id, TROUBLED if in_trouble else SCHEDULED, f"connection {waiting.connection_id}")


def list_recurring() -> Iterator[Job]:
    """Those that are due, each for one process; they are put off before they are done."""
    now, noted = system_clock(), dict(RecurringJob.objects.values_list("name", "due"))
    for name, every in RECURRING.items():
        later = now + seconds(every)
        if name not in noted:
            RecurringJob.objects.get_or_create(name=name)
        latest = later + seconds(CLOCKS_DIFFER)  # no wait is longer: a wrong clock has noted that
        if now < noted.get(name, 0) <= latest:
            continue
        if RecurringJob.objects.filter(Q(due__lte=now) | Q(due__gt=latest), name=name).update(due=later):
            yield Job(name, 0, SYSTEM, name)


def hasten(name: str) -> None:
    """Do it soon, and for all who want that now together."""
    soon = system_clock() + seconds(SOON)
    RecurringJob.objects.filter(name=name, due__gt=soon).update(due=soon)
