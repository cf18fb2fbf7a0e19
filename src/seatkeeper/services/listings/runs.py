"""How the tasks of an application ran, or those of all."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When

from seatkeeper.connectors.catalog import TASKS
from seatkeeper.errors import NotFound
from seatkeeper.model import Word
from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Run

LISTING: Final = Listing[Run](
    key="runs",
    title="Runs",
    columns=(
        Column("title", "Task"),
        Column("tenant", "Tenant", shown=False),
        Column("started", "Started", Kind.TIME),
        Column("ended", "Ended", Kind.TIME),
        Column("word", "State", Kind.BADGE),
        Column("asked_by", "Asked by", Kind.NAME, shown=False),
        Column("rows", "Rows", Kind.NUMBER),
        Column("added", "New", Kind.NUMBER),
        Column("changed", "Changed", Kind.NUMBER),
        Column("gone", "Gone", Kind.NUMBER),
        Column("quarantined", "Quarantined", Kind.NUMBER),
        Column("requests", "Requests", Kind.NUMBER),
        Column("throttled", "Throttled", Kind.NUMBER),
        Column("message", "Message", sorts=False),
        Column("detail", "Detail", shown=False, sorts=False),
    ),
    filters=(
        Filter("word", "State", [Choice(word, word) for word in Word], lambda value: Q(word=value)),
        Filter("task", "Task", [Choice(key, kind.title) for key, kind in TASKS.items()], lambda v: Q(task__key=v)),
    ),
    sort="-started",
    empty="Nothing was run yet.",
)


def rows(who: Who, application_id: int | None = None) -> QuerySet[Run]:
    who.require(May.SEE)
    mine = Run.objects.filter(organization_id=who.organization_id)
    if application_id is not None:
        mine = mine.filter(task__connection_id=applications.find(who, application_id).connection_id)
    titles = [When(task__key=key, then=Value(kind.title)) for key, kind in TASKS.items()]
    return mine.annotate(
        title=Case(*titles, default=F("task__key"), output_field=TextField()), tenant=F("task__connection__tenant_id")
    )


def find(who: Who, run_id: int) -> Run:
    """A run as a row of the listing. Raises NotFound."""
    run = rows(who).filter(pk=run_id).first()
    if run is None:
        raise NotFound("The run")
    return run
