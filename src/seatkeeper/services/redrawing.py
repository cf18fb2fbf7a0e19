"""What people change shows in drawings: drawn at once where that is quick, else by whoever does background work.

An application carries the mark of it from the moment the change is saved, in the same transaction, until a drawing
shows it; so nothing is lost with a process, and pages can say that their figures are from before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction
from django.db.models import Min

from seatkeeper.clock import Clock, system_clock
from seatkeeper.model import FOREVER, Instant
from seatkeeper.services import drawing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Seat

SMALL: Final = 2_000  # seats that are drawn within a third of a second: whoever changed something sees it in the answer

wanted: Final = threading.Event()  # something is to be drawn: the scheduler of this process need not wait for its tick


def want(who: Who, applications: Iterable[Application], clock: Clock = system_clock) -> None:
    """To be called in the transaction of the change. The command line always draws: somebody waits for the figures."""
    changed = list(applications)
    Application.objects.filter(pk__in=[each.pk for each in changed]).update(undrawn_since=system_clock())
    transaction.on_commit(lambda: _go_on(who, changed, clock))


def _go_on(who: Who, changed: Sequence[Application], clock: Clock) -> None:
    if who.member_id is not None and not _are_small(changed):
        wanted.set()
        return
    for application in changed:
        drawing.draw(application, clock)


def _are_small(applications: Sequence[Application]) -> bool:
    connections = {application.connection_id for application in applications}
    seats = Seat.objects.filter(connection_id__in=connections, until=FOREVER)
    return seats[: SMALL + 1].count() <= SMALL


def list_due() -> list[int]:
    """Of all organizations, what has waited longest first."""
    due = Application.objects.filter(undrawn_since__isnull=False).order_by("undrawn_since", "pk")
    return list(due.values_list("pk", flat=True))


def draw_due(application_id: int) -> None:
    """Draw it, unless another process has."""
    for application in Application.objects.filter(pk=application_id, undrawn_since__isnull=False):
        drawing.draw(application)


def pending(who: Who, application_id: int | None = None) -> Instant | None:
    """Since when something was changed that the figures of one or of all applications do not show; None: they do."""
    who.require(May.SEE)
    mine = Application.objects.filter(organization_id=who.organization_id)
    if application_id is not None:
        mine = mine.filter(pk=application_id)
    since: Instant | None = mine.aggregate(since=Min("undrawn_since"))["since"]
    return since
