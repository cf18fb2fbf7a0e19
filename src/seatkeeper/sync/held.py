"""Runs that wait for a person to say whether so many people really left."""

from __future__ import annotations

from django.db import transaction

from seatkeeper.clock import system_clock
from seatkeeper.errors import AlreadyRunning, BadInput
from seatkeeper.model import RunStatus
from seatkeeper.store import bulk, leases
from seatkeeper.store.models import Run
from seatkeeper.sync import checkpoint, retire
from seatkeeper.sync.checkpoint import ReadInProgress, RosterCheckpoint


def confirm(run: Run) -> Run:
    """Publish what the held run read, with its loss of people."""
    with transaction.atomic():
        point, reading = _claim(run)
        retire.publish_confirmed(run, reading)
        checkpoint.conclude(run.task, point, reading)
        return _close(run, RunStatus.COMPLETE, "Confirmed by an operator.")


def discard(run: Run) -> Run:
    """Throw away what the held run read; readers never saw it."""
    with transaction.atomic():
        point, reading = _claim(run)
        bulk.discard_generation(run.task.connection_id, reading.generation)
        point.reading = None
        checkpoint.save(run.task, point)
        return _close(run, RunStatus.INTERRUPTED, "Discarded by an operator; the roster stayed as it was.")


def _claim(run: Run) -> tuple[RosterCheckpoint, ReadInProgress]:
    """The held read, alone: inside the transaction nobody else can run the task."""
    fence = leases.claim(run.task_id, leases.this_process())
    if fence is None:
        raise AlreadyRunning("the task is running just now; look again when it has ended")
    leases.release(run.task_id, fence)
    run.task.refresh_from_db()
    point = checkpoint.load(run.task)
    reading = point.reading
    if reading is None or not reading.held or reading.generation != run.generation:
        raise BadInput("run", f"a newer read has taken the place of run {run.pk}; there is nothing left to decide.")
    return point, reading


def _close(run: Run, status: RunStatus, message: str) -> Run:
    run.status, run.message, run.ended = status, message, system_clock()
    run.save()
    return run
