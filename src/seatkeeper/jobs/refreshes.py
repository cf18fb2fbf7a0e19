"""Refreshes stored figures after a change: at once where that is quick, else in the background.

An application carries the mark of it from the moment the change is saved, in the same transaction, until a refresh
shows it; so nothing is lost with a process, and pages can say that their figures are from before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.jobs import running
from seatkeeper.model import FOREVER, Instant
from seatkeeper.reporting import refresh
from seatkeeper.store.models import Application, Seat

SMALL: Final = 2_000  # seats, refreshed within a third of a second: whoever changed something sees it in the answer

_put_off: Final[dict[int, Instant]] = {}  # until when those are left alone that failed in this process


def request(applications: Iterable[Application], clock: Clock = system_clock, *, at_once: bool) -> None:
    """To be called in the transaction of the change; `at_once` refreshes a large application in this process, too."""
    changed = list(applications)
    Application.objects.filter(pk__in=[each.pk for each in changed]).update(refresh_wanted_since=system_clock())

    def refresh_or_leave_it() -> None:
        connections = {application.connection_id for application in changed}
        seats = Seat.objects.filter(connection_id__in=connections, until=FOREVER)
        if at_once or seats[: SMALL + 1].count() <= SMALL:
            for application in changed:
                refresh.refresh_application(application, clock)
        else:
            running.changed.set()

    transaction.on_commit(refresh_or_leave_it)


def list_due() -> list[int]:
    """Of all organizations, what has waited longest first."""
    due = Application.objects.filter(refresh_wanted_since__isnull=False).order_by("refresh_wanted_since", "pk")
    return [pk for pk in due.values_list("pk", flat=True) if _put_off.get(pk, 0) <= system_clock()]


def refresh_due(application_id: int) -> None:
    """Refresh it, unless another process has."""
    for application in Application.objects.filter(pk=application_id, refresh_wanted_since__isnull=False):
        refresh.refresh_application(application)


def put_off(application_id: int, wait: Instant) -> None:
    """It failed, and would fail again at once."""
    _put_off[application_id] = system_clock() + wait
