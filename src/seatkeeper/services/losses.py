"""What is deleted together with an application."""

from __future__ import annotations

from typing import NamedTuple

from seatkeeper.model import Instant
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import Who
from seatkeeper.store.models import Application, Finding, Run, SeatHolder


class Losses(NamedTuple):
    """What is deleted along with it; `history` is whether everything that was read of the tenant goes too."""

    people: int
    findings: int
    runs: int
    since: Instant
    history: bool


def losses(who: Who, which: Which) -> Losses:
    """What would be lost with the application, to be read before it is."""
    application = find_application(who, which)
    others = Application.objects.filter(connection_id=application.connection_id).exclude(pk=application.pk)
    return Losses(
        people=SeatHolder.objects.filter(application=application).count(),
        findings=Finding.objects.filter(application=application).count(),
        runs=Run.objects.filter(task__connection_id=application.connection_id).count(),
        since=application.connection.created,
        history=not others.exists(),
    )
