"""What somebody should know, as the database shows it at a moment. A condition that is not here any more is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile
from typing import Final, NamedTuple

from django.db.models import Count, Min

from seatkeeper.clock import days, hours
from seatkeeper.connectors.catalog import find_product, find_task, find_vendor, find_vendor_of
from seatkeeper.connectors.products import SkuKind
from seatkeeper.model import CoverageState, Instant, RunStatus, to_id, to_text
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Application, Backup, Connection, Finding, Organization, Quarantine, Run, Task
from seatkeeper.store.queries import roster
from seatkeeper.sync.coverage import coverage_of

TROUBLE: Final = (RunStatus.FAILED, RunStatus.REFUSED, RunStatus.HELD)
SECRET_DAYS: Final = (60, 30, 14, 7, 1)
RENEWAL_DAYS: Final = (60, 30, 7)
CLOCKS_DIFFER: Final = hours(1)
GAP_DAYS: Final = 30  # so long a loss is worth a notice; the coverage bar shows it for ever


class Kind(NamedTuple):
    """A kind of condition; `ending` is what is told when one of it is over, or empty for nothing."""

    key: str
    title: str
    ending: str = ""


KINDS: Final = (
    Kind("run-failed", "A run failed, was refused or waits for a decision", "A later run was complete."),
    Kind("overdue", "A task has not been run for too long", "It was run again."),
    Kind("zero-rows", "A full read brought no rows", "A later read brought rows."),
    Kind("quarantine", "Rows were not understood", "All rows are understood, or the vendor sends them no more."),
    Kind("gap", "Sign-ins were lost at the vendor"),
    Kind("secret-expires", "A secret or certificate expires", "Another credential is in use."),
    Kind("same-tenant", "Two applications read one tenant", "Each tenant is read once."),
    Kind("renewal", "A subscription renews or ends"),
    Kind("backup", "A backup failed or is too old", "A backup was made and read back."),
    Kind("findings", "New findings, once a day"),
)


class Condition(NamedTuple):
    """One thing that should be known; `level` grows as it becomes more urgent, and is told once more then."""

    key: str
    kind: str
    title: str
    body: str
    level: int = 0


def list_conditions(organization_id: int, now: Instant) -> list[Condition]:
    """Everything that needs attention in an organization."""
    return [condition for find in _FINDERS for condition in find(organization_id, now)]


def level_of(left: Instant, steps: Iterable[int]) -> int:
    """How many of the steps (days, descending) have been reached; 0 while none is."""
    return sum(left <= days(step) for step in steps)


def _names(connection_id: int) -> str:
    mine = Application.objects.filter(connection_id=connection_id, active=True).order_by("name")
    return ", ".join(f"“{name}”" for name in mine.values_list("name", flat=True))


def _tasks(organization_id: int) -> list[Task]:
    """Those that are read: ticked, of a connection with an active application."""
    mine = Task.objects.filter(connection__organization_id=organization_id, enabled=True)
    return list(
        mine.filter(connection__application__active=True).distinct().select_related("connection").order_by("pk")
    )


def _title(task: Task) -> str:
    return find_task(task.connection.vendor, task.key).title


def find_failed_runs(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """By the latest run that ended by itself: one that is running, or was cut short, says nothing yet."""
    for task in _tasks(organization_id):
        run = Run.objects.filter(task=task, status__in=(RunStatus.COMPLETE, *TROUBLE)).order_by("-pk").first()
        if run is None or run.status == RunStatus.COMPLETE:
            continue
        what = (
            "waits for a decision"
            if run.status == RunStatus.HELD
            else f"was {run.status}".replace("was failed", "failed")
        )
        title = f"{_title(task)} of {_names(task.connection_id)} {what}"
        body = f"{run.message} {SEATKEEPER.address.origin}/runs/{run.pk}"
        yield Condition(f"run-failed:{task.connection_id}:{task.key}", "run-failed", title, body)


def find_overdue_tasks(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Whatever keeps a task from being run, also a clock that was wrong: its last success lies too far from now.

    Of a run that failed or waits for a decision somebody is told already.
    """
    for task in _tasks(organization_id):
        newest = Run.objects.filter(task=task).order_by("-pk").first()
        if task.paused or (newest is not None and newest.status in TROUBLE):
            continue
        whole = Run.objects.filter(task=task, status=RunStatus.COMPLETE).order_by("-pk").first()
        if whole is not None and task.connection.forget_at is not None:
            continue  # a look round reads once
        last, patience = whole.started if whole else task.connection.created, 2 * hours(task.every_hours)
        if whole is not None and last > now + CLOCKS_DIFFER:
            body = (
                f"Its last complete run is dated {to_text(last)[:16]}, in the future: a clock was wrong, then or now. "
                "Check the clock of this machine; figures may be dated wrong until the next complete run."
            )
        elif now - last > patience + CLOCKS_DIFFER:
            since = f"Its last complete run was on {_day(last)}" if whole else "It has never been run completely"
            body = (
                f"{since}; it should run every {task.every_hours} hours. Check that `seatkeeper serve` or `worker` "
                "runs; `seatkeeper check` and `seatkeeper runs` show what keeps it."
            )
        else:
            continue
        title = f"{_title(task)} of {_names(task.connection_id)} is overdue"
        yield Condition(f"overdue:{task.connection_id}:{task.key}", "overdue", title, body)


def find_empty_reads(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """A read that is complete and empty is more often a lost permission than an empty tenant."""
    for task in _tasks(organization_id):
        if task.key not in ("roster", "licenses"):
            continue
        whole = Run.objects.filter(task=task, status=RunStatus.COMPLETE, full=True).order_by("-pk").first()
        if whole is not None and whole.rows == 0:
            title = f"{_title(task)} of {_names(task.connection_id)} brought no rows"
            body = "The read was complete, but empty. Check that the tenant and the permissions are the right ones."
            yield Condition(f"zero-rows:{task.connection_id}:{task.key}", "zero-rows", title, body)


def find_quarantined_rows(organization_id: int, _now: Instant) -> Iterator[Condition]:
    open_rows = Quarantine.objects.filter(connection__organization_id=organization_id, resolved=False)
    for row in open_rows.values("connection_id", "connection__vendor", "task").annotate(
        count=Count("pk"), since=Min("first_seen")
    ):
        names, title = _names(row["connection_id"]), find_task(row["connection__vendor"], row["task"]).title
        if names:
            body = f"{row['count']} since {_day(row['since'])}. They are kept as received, and tried again."
            key = f"quarantine:{row['connection_id']}:{row['task']}"
            yield Condition(key, "quarantine", f"{title} of {names} has rows that were not understood", body)


def find_lost_sign_ins(organization_id: int, now: Instant) -> Iterator[Condition]:
    ticked = {task.connection_id for task in _tasks(organization_id) if task.key == "access"}
    for application in Application.objects.filter(connection_id__in=ticked, active=True).order_by("pk"):
        stretches = coverage_of(application, now).stretches
        since = dropwhile(lambda part: part.state is CoverageState.LOST, stretches)  # before it, nobody could have
        lost = [part for part in since if part.state is CoverageState.LOST]
        log = find_vendor_of(application.product).log
        if lost and log and lost[-1].end >= now - log.retention - days(GAP_DAYS):
            spans = "; ".join(f"{_day(part.start)} to {_day(part.end)}" for part in lost)
            body = f"Nobody read them while {log.vendor} kept them: {spans}. Nobody is called unused because of it."
            yield Condition(f"gap:{application.pk}", "gap", f"Sign-ins of “{application.name}” were lost", body)


def find_expiring_credentials(organization_id: int, now: Instant) -> Iterator[Condition]:
    mine = Connection.objects.filter(organization_id=organization_id, application__active=True).distinct()
    for connection in mine.exclude(credential_expires=None).order_by("pk"):
        ends = connection.credential_expires or 0
        level = level_of(ends - now, SECRET_DAYS)
        if level:
            when = f"expired on {_day(ends)}" if ends <= now else f"expires on {_day(ends)}"
            title = f"The {connection.credential_kind} of {_names(connection.pk)} {when}"
            how = find_vendor(connection.vendor).new_credential
            body = f"Without it nothing can be read. {how} and edit the application."
            yield Condition(f"secret-expires:{connection.pk}", "secret-expires", title, body, level)


def find_tenants_read_twice(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """Added by two of its names: only the first is read and counted."""
    mine = Connection.objects.filter(organization_id=organization_id, application__active=True).distinct()
    for connection in mine.exclude(duplicate_of=None).order_by("pk"):
        title = f"{_names(connection.pk)} is the same tenant as {_names(connection.duplicate_of_id or 0)}"
        body = (
            f"{connection.tenant_id} is another name of that tenant. It is not read and is in no total. "
            "Delete one of the two."
        )
        yield Condition(f"same-tenant:{connection.pk}", "same-tenant", title, body)


def find_renewals(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Of the products that are managed here, each subscription once."""
    mine = Application.objects.filter(organization_id=organization_id, active=True, connection__duplicate_of=None)
    for application in mine.order_by("pk"):
        titles = {s.id: s.title for s in find_product(application.product).skus if s.kind is SkuKind.SEAT}
        for row in roster.list_renewals(application.connection_id):
            when, sku = row.next_lifecycle or 0, to_id(bytes(row.sku))
            level = level_of(when - now, RENEWAL_DAYS)
            if when >= now and level and sku in titles:
                what = "The trial of" if row.trial else "The subscription of"
                then = "renews or ends" if roster.is_in_force(row) and not row.trial else "ends"
                title = f"{what} {titles[sku]} with {row.total} seats {then} on {_day(when)}"
                body = (
                    f"Decide before then how many you need: {SEATKEEPER.address.origin}/applications/{application.pk}"
                )
                yield Condition(f"renewal:{row.subscription}:{_day(when)}", "renewal", title, body, level)


def find_missing_backups(organization_id: int, now: Instant) -> Iterator[Condition]:
    """Of the backups that are made by themselves; told to the first organization, whose the machine is."""
    plan, first = SEATKEEPER.backups, Organization.objects.order_by("pk").values_list("pk", flat=True).first()
    if plan is None or organization_id != first:
        return
    rows = Backup.objects.filter(scheduled=True).order_by("-started")
    made = rows.filter(ended__isnull=False, trouble="").first()
    failed = rows.filter(started__gt=made.started if made else 0).exclude(trouble="").first()
    old = now - (made.started if made else rows.aggregate(first=Min("started"))["first"] or now) > hours(2 * plan.every)
    if failed is None and not old:
        return
    since = f"The last one that was made and read back is of {_day(made.started)}." if made else "There is none yet."
    why = f"{failed.trouble} " if failed else ""
    body = f"{why}{since} Older ones are kept. `seatkeeper backups` lists them; SEATKEEPER_BACKUP_FOLDER is the folder."
    yield Condition("backup", "backup", "The last backup failed" if failed else "The last backup is too old", body)


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
    body = f"{'; '.join(lines)}. {SEATKEEPER.address.origin}/findings"
    return Condition(f"findings:{_day(until)}", "findings", title, body)


def _day(instant: Instant) -> str:
    return to_text(instant)[:10]


_FINDERS: Final[tuple[Callable[[int, Instant], Iterator[Condition]], ...]] = (
    find_failed_runs, find_overdue_tasks, find_empty_reads, find_quarantined_rows, find_lost_sign_ins,
    find_expiring_credentials, find_tenants_read_twice, find_renewals, find_missing_backups,
)  # fmt: skip
