"""Who looked at lists of what people did: one line in the trail for each member, list and hour, not for each page."""

from __future__ import annotations

from typing import Any, Final, Literal

from seatkeeper.clock import seconds, system_clock
from seatkeeper.services import audit
from seatkeeper.services.listings.base import Listing
from seatkeeper.services.members import Who
from seatkeeper.store.models import Application, AuditEvent, Connection

HOUR: Final = seconds(3600)
Way = Literal["listed", "exported"]


def note(
    who: Who,
    listing: Listing[Any],
    way: Way,
    application_id: int | None = None,
    connection_id: int | None = None,
) -> None:
    """Note that a listing was read as pages or as a file, if it tells what people did."""
    if not listing.of_people:
        return
    name = "every application"
    if application_id is not None:
        name = Application.objects.of(who).values_list("name", flat=True).get(pk=application_id)
    elif connection_id is not None:
        name = Connection.objects.of(who).values_list("tenant_id", flat=True).get(pk=connection_id)
    now, action, subject = system_clock(), f"people.{way}", f"{listing.title} of {name}"
    same = AuditEvent.objects.of(who).filter(who=who.name, action=action, subject=subject[: audit.LONGEST])
    if not same.filter(at__gte=now - now % HOUR).exists():
        audit.record(who, action, subject)
