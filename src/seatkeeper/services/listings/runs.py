"""How the tasks of an application ran, or those of all."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When

from seatkeeper.errors import NotFound
from seatkeeper.model import RunStatus
from seatkeeper.services import applications
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Run
from seatkeeper.sync.vendors import list_vendors, name_tasks

LISTING: Final = Listing[Run](
    key="runs",
    title="Runs",
    columns=(
        Column("title", "Task"),
        Column("tenant", "Tenant", shown=False),
        Column("started", "Started", Kind.TIME),
        Column("ended", "Ended", Kind.TIME),
        Column("status", "State", Kind.BADGE, was="word"),
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
        Filter("status", "State", [Choice(each, each) for each in RunStatus], lambda v: Q(status=v), was="word"),
        Filter("task", "Task", [Choice(key, title) for key, title in name_tasks().items()], lambda v: Q(task__key=v)),
    ),
    sort="-started",
    empty="Nothing was run yet.",
)


def rows(who: Who, application_id: int | None = None) -> QuerySet[Run]:
    who.require(May.SEE)
    mine = Run.objects.of(who)
    if application_id is not None:
        mine = mine.filter(task__connection_id=applications.find(who, application_id).connection_id)
    return mine.annotate(
        title=Case(*to_titles("task__"), default=F("task__key"), output_field=TextField()),
        tenant=F("task__connection__tenant_id"),
    )


def to_titles(task: str) -> list[When]:
    """A task's title by its vendor and key; `task` is the way to it, as a query writes it."""
    return [
        When(**{f"{task}connection__vendor": vendor.key, f"{task}key": kind.key}, then=Value(kind.title))
        for vendor in list_vendors()
        for kind in vendor.tasks
    ]


def find(who: Who, run_id: int) -> Run:
    """A run as a row of the listing. Raises NotFound."""
    run = rows(who).filter(pk=run_id).first()
    if run is None:
        raise NotFound("The run")
    return run
