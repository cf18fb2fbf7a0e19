"""What somebody should know, as the database shows it at a moment. A condition that is not here any more is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from django.db.models import Count

from seatkeeper.clock import days
from seatkeeper.connectors.catalog import find_product, find_vendor
from seatkeeper.connectors.products import SkuKind
from seatkeeper.model import Instant, to_id, to_text
from seatkeeper.notices import machine
from seatkeeper.notices.kinds import Condition, day_of, level_of
from seatkeeper.notices.runs import (
    find_empty_reads,
    find_failed_runs,
    find_lost_sign_ins,
    find_overdue_tasks,
    find_quarantined_rows,
    name_connections,
)
from seatkeeper.settings import SEATKEEPER
from seatkeeper.spans import Span
from seatkeeper.store.models import (
    Application,
    Connection,
    Finding,
    Renewal,
)
from seatkeeper.store.queries import roster

SECRET_DAYS: Final = (60, 30, 14, 7, 1)
RENEWAL_DAYS: Final = (60, 30, 7)


def list_conditions(organization_id: int, now: Instant) -> list[Condition]:
    """Everything that needs attention in an organization."""
    return [condition for find in _FINDERS for condition in find(organization_id, now)]


def find_expiring_credentials(organization_id: int, now: Instant) -> Iterator[Condition]:
    """One for many tenants that are read as one app registration: they get the new credential in one step, too."""
    names = name_connections(organization_id)
    soon = Connection.objects.filter(pk__in=names, credential_expires__lte=now + days(SECRET_DAYS[0]))
    same: dict[tuple[str, str, Instant], list[Connection]] = {}
    for each in soon.order_by("pk"):
        same.setdefault((each.client_id, each.credential_kind, each.credential_expires or 0), []).append(each)
    for (client_id, kind, ends), (connection, *others) in same.items():
        when = f"expired on {day_of(ends)}" if ends <= now else f"expires on {day_of(ends)}"
        of, step = names[connection.pk], "edit the application"
        if others:
            of += f" and of {len(others):,} more tenant{'' if len(others) == 1 else 's'}"
            step = f"replace it for all: `seatkeeper connections rotate {client_id}`"
        body = f"Without it nothing can be read. {find_vendor(connection.vendor).new_credential} and {step}."
        level = level_of(ends - now, SECRET_DAYS)
        yield Condition(f"secret-expires:{connection.pk}", "secret-expires", f"The {kind} of {of} {when}", body, level)


def find_tenants_read_twice(organization_id: int, _now: Instant) -> Iterator[Condition]:
    """Added by two of its names: only the first is read and counted."""
    names = name_connections(organization_id)
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
                title = f"{what} {titles[sku]} with {row.total} seats {then} on {day_of(when)}"
                body = f"Decide before then how many you need: {SEATKEEPER.address.url}/applications/{application.pk}"
                level = level_of(when - now, RENEWAL_DAYS)
                yield Condition(f"renewal:{row.subscription}:{day_of(when)}", "renewal", title, body, level)


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
    return Condition(f"findings:{day_of(until)}", "findings", title, body)


_FINDERS: Final[tuple[Callable[[int, Instant], Iterator[Condition]], ...]] = (
    find_failed_runs, find_overdue_tasks, find_empty_reads, find_quarantined_rows, find_lost_sign_ins,
    find_expiring_credentials, find_tenants_read_twice, find_look_rounds, find_renewals, machine.find_full_disk,
    machine.find_missing_backups,
)  # fmt: skip
