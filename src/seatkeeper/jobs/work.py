"""Doing a job of the queue: it looks again whether there is anything to do, and survives its troubles."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import InterfaceError, OperationalError, connections

from seatkeeper.clock import seconds, system_clock
from seatkeeper.jobs import housekeeping, joining, queue, refreshes, tenant_checks
from seatkeeper.jobs.job import AFTER_TROUBLE, Job
from seatkeeper.jobs.sweep import hasten
from seatkeeper.notices import dispatch

log = logging.getLogger("seatkeeper.jobs")

_interrupted: Final[set[int]] = set()  # tasks whose last run the database ended: twice in a row is no accident


def perform(job: Job, stop: Callable[[], bool]) -> None:
    """The edge at which a thread would die: whatever happens is in the log, and the queue goes on."""
    if job.name == "run":
        _run(job.subject, stop)
    else:
        do: dict[str, Callable[[], None]] = {
            "refresh": partial(refreshes.refresh_due, job.subject),
            "catch-up": queue.catch_up,
            "notices": dispatch.look_and_send,
            "housekeeping": partial(housekeeping.tidy, stop),
            "joining": partial(joining.join_due, stop),
            "checks": partial(tenant_checks.check_due, stop),
        }
        if (step := do.get(job.name)) is None:
            log.warning("%s is no job of this version; a newer one has put it", job.name)
        elif not guarded(step) and job.name == "refresh":
            refreshes.put_off(job.subject, seconds(AFTER_TROUBLE))


def _run(task_id: int, stop: Callable[[], bool]) -> None:
    """A task, if it is due still: the sweep may have put it before it was run, paused or taken by somebody."""
    try:
        if stop() or (waiting := queue.look(task_id, system_clock())) is None:
            return
        queue.run_waiting(waiting, stop)
    except (OperationalError, InterfaceError):
        # The database was away. The task is still due, and run when the database is back; were it the task that
        # upsets the database, it would be tried again after ever longer waits.
        log.exception("the database was away during task %s", task_id)
        connections.close_all()  # it is opened anew
        again = task_id in _interrupted
        _interrupted.symmetric_difference_update({task_id})
        guarded(partial(queue.give_back, task_id, put_off=again))
    except Exception:
        log.exception("the scheduler goes on after this")
        connections.close_all()
        guarded(partial(queue.postpone, task_id))
    else:
        _interrupted.discard(task_id)
    guarded(partial(hasten, "notices"))


def guarded(step: Callable[[], object]) -> bool:
    """Whether it went well; what happens else is in the log."""
    try:
        step()
    except Exception:
        log.exception("the scheduler goes on after this")
        connections.close_all()  # a connection that was lost is opened anew
        return False
    return True
