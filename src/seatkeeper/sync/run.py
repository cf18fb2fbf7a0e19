"""One run of one task, from top to bottom. Open this file first.

claim the task → ask the token which tenant it is for and whether we may → for each page: save its rows together with
the checkpoint → at the end of the read: publish and retire → close the run with one status.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from structlog.contextvars import bound_contextvars

from seatkeeper.clock import system_clock
from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import ActAtVendor, AlreadyRunning, Interrupted, SameTenant, SeatkeeperError
from seatkeeper.failpoints import reach
from seatkeeper.model import RunStatus
from seatkeeper.store import leases
from seatkeeper.store.models import Run
from seatkeeper.sync.access import AccessReading
from seatkeeper.sync.groups import GroupsReading
from seatkeeper.sync.identity import recognize
from seatkeeper.sync.licenses import LicensesReading
from seatkeeper.sync.quarantine import save_bad_rows, try_again
from seatkeeper.sync.roster import RosterReading
from seatkeeper.sync.searches import SearchReading
from seatkeeper.sync.signals import SignalReading
from seatkeeper.sync.work import CompleteRead, Reading, Tally, Work
from seatkeeper.telemetry import span

log = logging.getLogger("seatkeeper.sync")

COMPLETE_WITH_QUARANTINE = 6

# What has its own way of being read; every other task of a vendor reads its log of sign-ins, or another signal.
READINGS: dict[str, type[Reading]] = {
    "roster": RosterReading,
    "licenses": LicensesReading,
    "audit-events": SearchReading,
    "groups": GroupsReading,
}


class Outcome:
    """How a run ended, for the command that asked for it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.exit_code = 1
        self.error: SeatkeeperError | None = None

    @property
    def run(self) -> Run:
        return self.work.run


def run_task(work: Work) -> Outcome:
    """Run the task to its one status. Only errors that are nobody's fault but ours come out of here."""
    outcome, connection = Outcome(work), work.task.connection
    ids: dict[str, str | int] = {
        "task": work.kind.key,
        "connection": connection.pk,
        "organization": connection.organization_id,
    }
    with (
        bound_contextvars(tenant=connection.tenant_id, **ids),
        span("run", **ids),
        _claimed(work),
        _closing(work, outcome),
    ):
        recognize(work.task.connection, work.connector.identify())
        work.connector.require(work.kind)
        try_again(work)
        reading = READINGS.get(work.kind.key, AccessReading if work.kind.sign_ins else SignalReading)(work)
        for page in reading.pages():
            _save(work, reading, page)
            work.check_stop()
        with transaction.atomic():
            leases.hold(work.task.pk, work.fence)
            work.run.message = ""
            work.run.status = reading.finish(CompleteRead(work))
            work.run.message = work.run.message or " ".join(work.notes)
            work.run.save()
            reach("FP:before-publish-commit")
        reach("FP:after-publish")
        if work.run.status == RunStatus.HELD:
            outcome.exit_code = Interrupted.exit_code
        else:
            outcome.exit_code = COMPLETE_WITH_QUARANTINE if work.run.quarantined else 0
    return outcome


@contextmanager
def _claimed(work: Work) -> Iterator[None]:
    """Hold the task alone, by one conditional UPDATE; the fencing number is checked in every transaction."""
    fence = leases.claim(work.task.pk, leases.this_process(), after=work.after)
    if fence is None:
        raise AlreadyRunning(f"{work.kind.title} is being run by another process; see `seatkeeper runs`")
    work.fence = fence
    try:
        with leases.kept(work.task.pk, fence):
            reach("FP:after-claim")
            connection = work.task.connection
            work.task.refresh_from_db()
            work.task.connection = connection  # with the addresses that the door was opened with
            yield
    finally:
        leases.release(work.task.pk, fence)
    reach("FP:after-release")


@contextmanager
def _closing(work: Work, outcome: Outcome) -> Iterator[None]:
    """Open the run's record and close it with its status, whatever happens in between."""
    Run.objects.filter(task=work.task, status=RunStatus.RUNNING).update(
        status=RunStatus.INTERRUPTED, ended=system_clock(), message="The process ended without closing the run."
    )
    work.run = Run.objects.create(
        task=work.task,
        organization=work.task.connection.organization,
        started=work.clock(),
        status=RunStatus.RUNNING,
        asked_by=work.asked_by,
    )
    try:
        with bound_contextvars(run=work.run.pk):
            yield
    except SeatkeeperError as error:
        if isinstance(error, ActAtVendor | SameTenant):
            work.run.status = RunStatus.REFUSED
        else:
            work.run.status = RunStatus.INTERRUPTED if isinstance(error, Interrupted) else RunStatus.FAILED
        work.run.message, work.run.detail = str(error), error.detail
        outcome.error, outcome.exit_code = error, error.exit_code
    except BaseException:
        work.run.status = RunStatus.INTERRUPTED
        work.run.message = "The run was cut short; what was read so far is saved."
        raise
    finally:
        work.run.ended = work.clock()
        _count_requests(work)
        if Run.objects.filter(pk=work.run.pk).exists():  # else the application was deleted meanwhile, its runs too
            work.run.save()
        log.info("run %s ended as %s", work.run.pk, work.run.status)


def _save(work: Work, reading: Reading, page: RecordPage[object]) -> None:
    """Rows, quarantine, checkpoint, counters and the lease check commit together or not at all."""
    reach("FP:after-page")
    with span("save", rows=len(page.records)), transaction.atomic():
        leases.hold(work.task.pk, work.fence)
        tally = Tally(pages=1, rows=len(page.records) + len(page.removed) + len(page.bad) + page.left_out)
        tally.quarantined = save_bad_rows(work, page.bad)
        tally.add(reading.save(page))
        run = work.run
        total = Tally(run.pages, run.rows, run.kept, run.quarantined, run.added, run.changed, run.gone)
        total.add(tally)
        run.pages, run.rows, run.kept, run.quarantined = total.pages, total.rows, total.kept, total.quarantined
        run.added, run.changed, run.gone = total.added, total.changed, total.gone
        run.message, run.share = reading.outlook(), reading.share()
        _count_requests(work)
        run.save()
        reach("FP:before-commit")
    reach("FP:after-commit")
    work.progress.tell(run, total, run.share, work.kind.title)


def _count_requests(work: Work) -> None:
    now, before = work.connector.spent(), work.spent_before
    work.run.requests = now.requests - before.requests
    work.run.throttled = now.throttled - before.throttled
    work.run.waited_ms = now.waited_ms - before.waited_ms
