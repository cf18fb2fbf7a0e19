"""Rows that could not be understood, as they came, with the reason."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Quarantine
from seatkeeper.sync.vendors import name_tasks

LISTING: Final = Listing[Quarantine](
    key="quarantine",
    title="Quarantine",
    columns=(
        Column("first_seen", "First Seen", Kind.TIME),
        Column("last_seen", "Last Seen", Kind.TIME),
        Column("task", "Task"),
        Column("reason", "Reason"),
        Column("row", "Row", Kind.NAME, sorts=False),
    ),
    filters=(
        Filter("task", "Task", [Choice(key, title) for key, title in name_tasks().items()], lambda v: Q(task=v)),
        Filter(
            "state", "State", [Choice("open", "open"), Choice("resolved", "resolved")],
            lambda value: Q(resolved=value != "open"),
        ),
    ),
    of_people=True,  # a row of the sign-in log is somebody's sign-in
    sort="-last_seen",
    empty="Every row was understood.",
)  # fmt: skip


def rows(who: Who, application_id: int) -> QuerySet[Quarantine]:
    who.require(May.SEE)
    return Quarantine.objects.filter(connection_id=applications.find(who, application_id).connection_id)
