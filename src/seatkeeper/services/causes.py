"""What somebody should know, as the database shows it at a moment. A cause that is not here any more is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from django.db.models import Count, Min

from seatkeeper.clock import days
from seatkeeper.connectors.catalog import TASKS, find_product
from seatkeeper.model import Instant, SeatKind, Word, to_id, to_text
from seatkeeper.services.inventory import coverage_of
from seatkeeper.settings import SEATKEEPER
from seatkeeper.spans import RETENTION
from seatkeeper.store.models import Application, Connection, Finding, Quarantine, Renewal, Run, Task

TROUBLE: Final = (Word.FAILED, Word.REFUSED, Word.HELD)
SECRET_DAYS: Final = (30, 14, 7, 1)
RENEWAL_DAYS: Final = (60, 30, 7)
GAP_DAYS: Final = 30  # so long a loss is worth a notice; the coverage bar shows it for ever


class Kind(NamedTuple):
    """A kind of cause; `ending` is what is told when one of it is over, or empty for nothing."""

    key: str
    title: str
    ending: str = ""


KINDS: Final = (
    Kind("run-failed", "A run failed, was refused or waits for a decision", "A later run was complete."),
    Kind("zero-rows", "A full read brought no rows", "A later read brought rows."),
    Kind("quarantine", "Rows were not understood", "All rows are understood, or Microsoft sends them no more."),
    Kind("gap", "Sign-ins were lost at Microsoft"),
    Kind("secret-expires", "A secret or certificate expires", "Another credential is in use."),
    Kind("renewal", "A subscription renews or ends"),
    Kind("findings", "New findings, once a day"),
)


class Cause(NamedTuple):
    """One thing that should be known; `level` grows as it becomes more urgent, and is told once more then."""

    key: str
    kind: str
    title: str
    body: str
    level: int = 0


def list_causes(organization_id: int, now: Instant) -> list[Cause]:
    """Everything that is the matter in an organization."""
    return [cause for find in _FINDERS for cause in find(organization_id, now)]


def level_of(left: Instant, steps: Iterable[int]) -> int:
    """How many of the steps (days, descending) have been reached; 0 while none is."""
    return sum(left <= days(step) for step in steps)


def _names(connection_id: int) -> str:
    mine = Application.objects.filter(connection_id=connection_id, active=True).order_by("name")
    return ", ".join(f"“{name}”" for name in mine.values_list("name", flat=True))


def _tasks(organization_id: int) -> list[Task]:
    """Those that are read: ticked, of a connection with an active application."""
    mine = Task.objects.filter(connection__organization_id=organization_id, enabled=True)
    return list(mine.filter(connection__application__active=True).distinct().order_by("pk"))


def _runs_failed(organization_id: int, _now: Instant) -> Iterator[Cause]:
    """By the newest run that came to a word of its own: one under way, or cut short, says nothing yet."""
    for task in _tasks(organization_id):
        run = Run.objects.filter(task=task, word__in=(Word.COMPLETE, *TROUBLE)).order_by("-started", "-pk").first()
        if run is None or run.word == Word.COMPLETE:
            continue
        what = "waits for a decision" if run.word == Word.HELD else f"was {run.word}".replace("was failed", "failed")
        title = f"{TASKS[task.key].title} of {_names(task.connection_id)} {what}"
        body = f"{run.message} {SEATKEEPER.address.origin}/runs/{run.pk}"
        yield Cause(f"run-failed:{task.connection_id}:{task.key}", "run-failed", title, body)


def _zero_rows(organization_id: int, _now: Instant) -> Iterator[Cause]:
    """A read that is complete and empty is more often a lost permission than an empty tenant."""
    for task in _tasks(organization_id):
        if task.key not in ("roster", "licenses"):
            continue
        whole = Run.objects.filter(task=task, word=Word.COMPLETE, full=True).order_by("-started", "-pk").first()
        if whole is not None and whole.rows == 0:
            title = f"{TASKS[task.key].title} of {_names(task.connection_id)} brought no rows"
            body = "The read was complete, but empty. Check that the tenant and the permissions are the right ones."
            yield Cause(f"zero-rows:{task.connection_id}:{task.key}", "zero-rows", title, body)


def _quarantined(organization_id: int, _now: Instant) -> Iterator[Cause]:
    open_rows = Quarantine.objects.filter(connection__organization_id=organization_id, resolved=False)
    for row in open_rows.values("connection_id", "task").annotate(count=Count("pk"), since=Min("first_seen")):
        names, title = _names(row["connection_id"]), TASKS[row["task"]].title
        if names:
            body = f"{row['count']} since {_day(row['since'])}. They are kept as they came, and tried again."
            key = f"quarantine:{row['connection_id']}:{row['task']}"
            yield Cause(key, "quarantine", f"{title} of {names} has rows that were not understood", body)


def _gaps(organization_id: int, now: Instant) -> Iterator[Cause]:
    ticked = {task.connection_id for task in _tasks(organization_id) if task.key == "access"}
    for application in Application.objects.filter(connection_id__in=ticked, active=True).order_by("pk"):
        lost = [row for row in coverage_of(application, lambda: now).rows if row[2] == "lost"]
        newest = max((_moment(row[1]) for row in lost), default=0)
        if newest >= now - RETENTION - days(GAP_DAYS):
            spans = "; ".join(f"{_day(_moment(row[0]))} to {_day(_moment(row[1]))}" for row in lost)
            body = (
                f"Nobody read them in the 30 days that Microsoft keeps them: {spans}. Nobody is called unused for it."
            )
            yield Cause(f"gap:{application.pk}", "gap", f"Sign-ins of “{application.name}” were lost", body)


def _expiring(organization_id: int, now: Instant) -> Iterator[Cause]:
    mine = Connection.objects.filter(organization_id=organization_id, application__active=True).distinct()
    for connection in mine.exclude(credential_expires=None).order_by("pk"):
        ends = connection.credential_expires or 0
        level = level_of(ends - now, SECRET_DAYS)
        if level:
            when = f"expired on {_day(ends)}" if ends <= now else f"expires on {_day(ends)}"
            title = f"The {connection.credential_kind} of {_names(connection.pk)} {when}"
            body = "Without it nothing can be read. Make a new one in the Entra admin center and edit the application."
            yield Cause(f"secret-expires:{connection.pk}", "secret-expires", title, body, level)


def _renewing(organization_id: int, now: Instant) -> Iterator[Cause]:
    """Of the products that are managed here, each subscription once."""
    for application in Application.objects.filter(organization_id=organization_id, active=True).order_by("pk"):
        titles = {s.id: s.title for s in find_product(application.product).skus if s.kind is SeatKind.SEAT}
        coming = Renewal.objects.filter(connection_id=application.connection_id, next_lifecycle__gte=now)
        for row in coming.order_by("pk"):
            when, sku = row.next_lifecycle or 0, to_id(bytes(row.sku))
            level = level_of(when - now, RENEWAL_DAYS)
            if level and sku in titles:
                what = "The trial of" if row.trial else "The subscription of"
                title = f"{what} {titles[sku]} with {row.total} seats renews or ends on {_day(when)}"
                body = (
                    f"Decide before then how many are needed: {SEATKEEPER.address.origin}/applications/{application.pk}"
                )
                yield Cause(f"renewal:{row.subscription}:{_day(when)}", "renewal", title, body, level)


def digest(organization_id: int, since: Instant, until: Instant) -> Cause | None:
    """The findings that opened in a stretch of time; nobody's name is in it."""
    mine = Finding.objects.filter(application__organization_id=organization_id, application__active=True, state="open")
    names = "application__name", "key"
    new = mine.filter(first_seen__gt=since, first_seen__lte=until).values(*names).order_by(*names)
    counts = list(new.annotate(count=Count("pk")))
    if not counts:
        return None
    total = sum(row["count"] for row in counts)
    lines = [f"{row['application__name']}: {row['key']}: {row['count']}" for row in counts]
    title = f"{total} new finding{'s' if total > 1 else ''}"
    body = f"{'; '.join(lines)}. {SEATKEEPER.address.origin}/findings"
    return Cause(f"findings:{_day(until)}", "findings", title, body)


def _day(instant: Instant) -> str:
    return to_text(instant)[:10]


def _moment(cell: object) -> Instant:
    assert isinstance(cell, int)
    return cell


_FINDERS: Final[tuple[Callable[[int, Instant], Iterator[Cause]], ...]] = (
    _runs_failed, _zero_rows, _quarantined, _gaps, _expiring, _renewing,
)  # fmt: skip
