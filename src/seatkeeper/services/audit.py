"""The trail of who did what. Called inside the transaction of the change: without its line there is no change."""

from __future__ import annotations

from seatkeeper.clock import system_clock
from seatkeeper.services.members import NONE, Who
from seatkeeper.store.models import AuditEvent

LONGEST = 500
LONGEST_DETAIL = 2000  # whole addresses fit in


def record(who: Who, action: str, subject: str, detail: str = "") -> None:
    """Record that somebody did something. `action` is noun and verb: application.added; never pass a secret.

    What is done in no organization is in the trail of the installation.
    """
    AuditEvent.objects.create(
        organization_id=None if who.organization_id == NONE else who.organization_id,
        at=system_clock(),
        who=who.name,
        action=action,
        subject=subject[:LONGEST],
        detail=detail[:LONGEST_DETAIL],
    )
