"""What somebody should know, as the database shows it at a moment. A condition that is not here any more is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile
from typing import Any, Final

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from seatkeeper.clock import days, hours, seconds
from seatkeeper.connectors.catalog import find_product, find_task, find_vendor, find_vendor_of
from seatkeeper.connectors.products import SkuKind
from seatkeeper.model import CoverageState, Instant, RunStatus, to_id, to_text
from seatkeeper.notices import machine
from seatkeeper.notices.kinds import Condition
from seatkeeper.settings import SEATKEEPER
from seatkeeper.spans import Span
from seatkeeper.store.models import (
    Application,
    Connection,
    Coverage,
    Finding,
    Quarantine,
    Renewal,
    Run,
    Task,
)
from seatkeeper.store.queries import roster
from seatkeeper.sync.coverage import coverage_of, watched_by

TROUBLE: Final = (RunStatus.FAILED, RunStatus.REFUSED, RunStatus.HELD)
SECRET_DAYS: Final = (60, 30, 14, 7, 1)
RENEWAL_DAYS: Final = (60, 30, 7)
CLOCKS_DIFFER: Final = hours(1)
GAP_DAYS: Final = 30  # so long a loss is worth a notice; the coverage bar shows it for ever


def list_conditions(organization_id: int, now: Instant) -> list[Condition]:
    """Everything that needs attention in an organization."""
    return [condition for find in _FINDERS for condition in find(organization_id, now)]


def level_of(left: Instant, steps: Iterable[int]) -> int:
    """How many of the steps (days, descending) have been reached; 0 while none is."""
    return sum(left <= days(step) for step in steps)


def _name_connections(organization_id: int) -> dict[int, str]:
    """What people call each connection that is read: the names of its active applications."""
    names: dict[int, str] = defaultdict(str)
    mine = Application.objects.filter(organization_id=organization_id, active=True).order_by("name")
    for connection_id, name in mine.values_list("connection_id", "name"):
        names[connection_id] = f"{names[connection_id]}, “{name}”".removeprefix(", ")
    return names


def _tasks(organization_id: int) -> QuerySet[Task]:
    """Those that are read: ticked, of a connection with an active application."""
    read = Exists(Application.objects.filter(connection=OuterRef("connection"), active=True))
    mine = Task.objects.filter(read, connection__organization_id=organization_id, enabled=True)
    return mine.select_related("connection").order_by("pk")


def _newest(field: str, **which: object) -> Subquery:
    """Of each task's runs of a kind, the one that was made last: when it began is only what some clock said."""
    return Subquery(Run.objects.filter(task=OuterRef("pk"), **which).order_by("-pk").values(field)[:1])


def _title(task: Task) -> str:
    return find_task(task.connection.vendor, task.key).title


def find_failed_runs(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """By the latest run that ended by itself: one that is running, or was cut short, says nothing yet."""
    newest = _tasks(organization_id).values(newest=_newest("pk", status__in=(RunStatus.COMPLETE, *TROUBLE)))
    names = _name_connections(organization_id)
    runs = Run.objects.filter(pk__in=newest, status__in=TROUBLE).select_related("task__connection")
    for run in runs.order_by("task_id"):
        task, what = run.task, f"was {run.status}".replace("was failed", "failed")
        if run.status == RunStatus.HELD:
            what = "waits for a decision"
        title = f"{_title(task)} of {names[task.connection_id]} {what}"
        body = f"{run.message} {SEATKEEPER.address.url}/runs/{run.pk}"
        yield Condition(f"run-failed:{task.connection_id}:{task.key}", "run-failed", title, body)


def find_overdue_tasks(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Whatever keeps a task from being run, also a clock that was wrong: its last success lies too far from now.

    Of a run that failed or waits for a decision somebody is told already.
    """
    whole = _newest("started", status=RunStatus.COMPLETE)
    tasks: Any = _tasks(organization_id).filter(paused=False).annotate(whole=whole, status=_newest("status"))
    tasks = tasks.annotate(last=Coalesce("whole", "connection__created"))
    is_late = Q(last__lt=now - CLOCKS_DIFFER - F("every_hours") * hours(2)) | Q(whole__gt=now + CLOCKS_DIFFER)
    names = _name_connections(organization_id)
    for task in tasks.filter(is_late):
        if task.status in TROUBLE or (task.whole is not None and task.connection.forget_at is not None):
            continue  # a look round reads once
        if task.last > now:
            body = (
                f"Its last complete run is dated {to_text(task.last)[:16]}, in the future: a clock was wrong, then or "
                "now. Check the clock of this machine; figures may be dated wrong until the next complete run."
            )
        else:
            since = "It has never been run completely"
            if task.whole is not None:
                since = f"Its last complete run was on {_day(task.whole)}"
            body = (
                f"{since}; it should run every {task.every_hours} hours. Check that `seatkeeper serve` or `worker` "
                "runs; `seatkeeper check` and `seatkeeper runs` show what keeps it."
            )
        title = f"{_title(task)} of {names[task.connection_id]} is overdue"
        yield Condition(f"overdue:{task.connection_id}:{task.key}", "overdue", title, body)


def find_empty_reads(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """A read that is complete and empty is more often a lost permission than an empty tenant."""
    rows = _newest("rows", status=RunStatus.COMPLETE, full=True)
    tasks = _tasks(organization_id).filter(key__in=("roster", "licenses")).annotate(newest_rows=rows)
    names = _name_connections(organization_id)
    for task in tasks.filter(newest_rows=0):
        title = f"{_title(task)} of {names[task.connection_id]} brought no rows"
        body = "The read was complete, but empty. Check that the tenant and the permissions are the right ones."
        yield Condition(f"zero-rows:{task.connection_id}:{task.key}", "zero-rows", title, body)


def find_quarantined_rows(organization_id: int, _now: Instant) -> Iterator[Condition]:
    open_rows = Quarantine.objects.filter(connection__organization_id=organization_id, resolved=False)
    read = _name_connections(organization_id)
    for row in open_rows.values("connection_id", "connection__vendor", "task").annotate(
        count=Count("pk"), since=Min("first_seen")
    ):
        names, title = read.get(row["connection_id"]), find_task(row["connection__vendor"], row["task"]).title
        if names:
            body = f"{row['count']} since {_day(row['since'])}. They are kept as received, and tried again."
            key = f"quarantine:{row['connection_id']}:{row['task']}"
            yield Condition(key, "quarantine", f"{title} of {names} has rows that were not understood", body)


def find_lost_sign_ins(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Worked out anew for whatever was read since, and once an hour for each: a loss takes days to come about."""
    ticked = _tasks(organization_id).filter(key="access").values("connection_id")
    mine = Application.objects.filter(connection__in=ticked, active=True).select_related("connection").order_by("pk")
    coverage = Coverage.objects.filter(connection__organization_id=organization_id).values("connection_id").order_by()
    marks: Any = coverage.annotate(
        Count("pk"), Max("pk"), starts=Sum(F("start") / hours(1))
    )  # all of it is in an index
    ledgers = {row.pop("connection_id"): tuple(row.values()) for row in marks}
    for one in mine:
        hour = (now + one.pk % 60 * seconds(60)) // hours(1)  # not all of them in the same minute
        known = hour, ledgers.get(one.connection_id), watched_by(one), one.connection.log_since, one.name
        if _gaps.get(one.pk, ((), None))[0] != known:
            _gaps[one.pk] = known, _find_gap(one, now)
        if (condition := _gaps[one.pk][1]) is not None:
            yield condition


_gaps: Final[dict[int, tuple[tuple[object, ...], Condition | None]]] = {}  # of each application, as it was known last


def _find_gap(application: Application, now: Instant) -> Condition | None:
    stretches = coverage_of(application, now).stretches
    since = dropwhile(lambda part: part.state is CoverageState.LOST, stretches)  # before it, nobody could have
    lost = [part for part in since if part.state is CoverageState.LOST]
    log = find_vendor_of(application.product).log
    if not lost or not log or lost[-1].end < now - log.retention - days(GAP_DAYS):
        return None
    spans = "; ".join(f"{_day(part.start)} to {_day(part.end)}" for part in lost)
    body = f"Nobody read them while {log.vendor} kept them: {spans}. Nobody is called unused because of it."
    return Condition(f"gap:{application.pk}", "gap", f"Sign-ins of “{application.name}” were lost", body)


def find_expiring_credentials(organization_id: int, now: Instant) -> Iterator[Condition]:
    """One for many tenants that are read as one app registration: they get the new credential in one step, too."""
    names = _name_connections(organization_id)
    soon = Connection.objects.filter(pk__in=names, credential_expires__lte=now + days(SECRET_DAYS[0]))
    same: dict[tuple[str, str, Instant], list[Connection]] = {}
    for each in soon.order_by("pk"):
        same.setdefault((each.client_id, each.credential_kind, each.credential_expires or 0), []).append(each)
    for (client_id, kind, ends), (connection, *others) in same.items():
        when = f"expired on {_day(ends)}" if ends <= now else f"expires on {_day(ends)}"
        of, step = names[connection.pk], "edit the application"
        if others:
            of += f" and of {len(others):,} more tenant{'' if len(others) == 1 else 's'}"
            step = f"replace it for all: `seatkeeper connections rotate {client_id}`"
        body = f"Without it nothing can be read. {find_vendor(connection.vendor).new_credential} and {step}."
        level = level_of(ends - now, SECRET_DAYS)
        yield Condition(f"secret-expires:{connection.pk}", "secret-expires", f"The {kind} of {of} {when}", body, level)


def find_tenants_read_twice(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """Added by two of its names: only the first is read and counted."""
    names = _name_connections(organization_id)
    for connection in Connection.objects.filter(pk__in=names, duplicate_of__isnull=False).order_by("pk"):
        title = f"{names[connection.pk]} is the same tenant as {names[connection.duplicate_of_id or 0]}"
        body = (
            f"{connection.tenant_id} is another name of that tenant. It is not read and is in no total. "
            "Delete one of the two."
        )
        yield Condition(f"same-tenant:{connection.pk}", "same-tenant", title, body)


def find_look_rounds(organization_id: int, now: Instant) -> Iterator[Condition]:
    """The day before what was read is deleted, if nobody decides."""
    mine = Connection.objects.filter(organization_id=organization_id, forget_at__lte=now + days(1))
    for connection in mine.order_by("pk"):
        when = to_text(connection.forget_at or 0)[:16].replace("T", " ")
        title = f"What was read of {connection.tenant_id} is deleted on {when} UTC"
        where = f"{SEATKEEPER.address.origin}/connections/{connection.pk}"
        body = f"Somebody looked round in this tenant and has not decided yet. Keep it, or forget it now: {where}"
        yield Condition(f"look-round:{connection.pk}", "look-round", title, body)


def find_renewals(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Of the products that are managed here, each subscription once."""
    soon: dict[int, list[Renewal]] = {}
    for row in roster.list_near_renewals(organization_id, Span(now, now + days(RENEWAL_DAYS[0]))):
        soon.setdefault(row.connection_id, []).append(row)
    mine = Application.objects.filter(connection__in=soon, active=True, connection__duplicate_of=None)
    for application in mine.order_by("pk"):
        titles = {s.id: s.title for s in find_product(application.product).skus if s.kind is SkuKind.SEAT}
        for row in soon[application.connection_id]:
            when, sku = row.next_lifecycle or 0, to_id(bytes(row.sku))
            if sku in titles:
                what = "The trial of" if row.trial else "The subscription of"
                then = "renews or ends" if roster.is_in_force(row) and not row.trial else "ends"
                title = f"{what} {titles[sku]} with {row.total} seats {then} on {_day(when)}"
                body = f"Decide before then how many you need: {SEATKEEPER.address.url}/applications/{application.pk}"
                level = level_of(when - now, RENEWAL_DAYS)
                yield Condition(f"renewal:{row.subscription}:{_day(when)}", "renewal", title, body, level)


def digest(organization_id: int, since: Instant, until: Instant) -> Condition | None:
    """The findings that opened in a stretch of time; nobody's name is in it."""
    mine = Finding.objects.filter(application__organization_id=organization_id, application__active=True, state="open")
    mine = mine.filter(application__connection__duplicate_of=None)
    names = "application__name", "key"
    new = mine.filter(first_seen__gt=since, first_seen__lte=until).values(*names).order_by(*names)
    counts = list(new.annotate(count=Count("pk")))
    if not counts:
        return None
    total = sum(row["count"] for row in counts)
    lines = [f"{row['application__name']}: {row['key']}: {row['count']}" for row in counts]
    title = f"{total} new finding{'s' if total > 1 else ''}"
    body = f"{'; '.join(lines)}. {SEATKEEPER.address.url}/findings"
    return Condition(f"findings:{_day(until)}", "findings", title, body)


def _day(instant: Instant) -> str:
    return to_text(instant)[:10]


_FINDERS: Final[tuple[Callable[[int, Instant], Iterator[Condition]], ...]] = (
    find_failed_runs, find_overdue_tasks, find_empty_reads, find_quarantined_rows, find_lost_sign_ins,
    find_expiring_credentials, find_tenants_read_twice, find_look_rounds, find_renewals, machine.find_full_disk,
    machine.find_missing_backups,
)  # fmt: skip
