"""What is being run, what waits for its turn, and which tenants are left alone because they do not answer."""

from __future__ import annotations

from typing import Final

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When

from seatkeeper.clock import system_clock
from seatkeeper.services.listings.base import Choice, Column, Filter, Kind, Listing
from seatkeeper.services.listings.runs import to_titles
from seatkeeper.services.members import May, Who
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Run, Task

RUNNING, WAITING, OUT_OF_REACH, SILENT = "running", "waiting", "out of reach", "worker silent"
STATES: Final = (RUNNING, WAITING, OUT_OF_REACH, SILENT)

LISTING: Final = Listing[Task](
    key="queue",
    title="Queue",
    columns=(
        Column("number", "Number", Kind.NUMBER, attribute="pk", sorts=False),
        Column("title", "Task"),
        Column("tenant", "Tenant"),
        Column("state", "State", Kind.BADGE),
        Column("since", "Since", Kind.TIME),
        Column("until", "Left alone until", Kind.TIME),
        Column("asked_by", "Asked by", Kind.NAME),
        Column("worker", "Worker", Kind.NAME, sorts=False),
        Column("failures", "Failures", Kind.NUMBER),
    ),
    filters=(Filter("state", "State", [Choice(each, each) for each in STATES], lambda value: Q(state=value)),),
    sort="since",
    empty="Nothing is being run, and nothing waits.",
)


def rows(who: Who) -> QuerySet[Task]:
    """Silent is a worker that has given no sign of life for so long that its task is anybody's."""
    who.require(May.SEE)
    now = system_clock()
    claimed = ~Q(lease_owner="")
    alone = Q(connection__out_of_reach_until__gt=now, asked_by="")
    wanted = Q(enabled=True, paused=False) | ~Q(asked_by="")
    active = Application.objects.filter(active=True).values("connection")
    newest = Run.objects.filter(task=OuterRef("pk")).order_by("-pk").values("started")[:1]
    mine = Task.objects.of(who).filter(claimed | Q(wanted, due__lte=now, connection__in=active))
    return mine.annotate(
        title=Case(*to_titles(""), default=F("key"), output_field=TextField()),
        tenant=F("connection__tenant_id"),
        state=Case(
            When(claimed & Q(lease_until__gte=leases.now()), then=Value(RUNNING)),
            When(claimed, then=Value(SILENT)),
            When(alone, then=Value(OUT_OF_REACH)),
            default=Value(WAITING),
            output_field=TextField(),
        ),
        since=Case(When(claimed, then=Subquery(newest)), default=F("due"), output_field=BigIntegerField()),
        until=Case(When(alone, then=F("connection__out_of_reach_until")), output_field=BigIntegerField()),
    )
