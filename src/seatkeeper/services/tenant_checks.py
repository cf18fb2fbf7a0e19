"""Authorize for all tenants at once, in the background: asked for, and how far it is."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connections, transaction
from django.db.models import Max

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.jobs import running, tenant_checks
from seatkeeper.services import audit
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Connection, TenantCheck


class Progress(NamedTuple):
    """Of the tenants that were asked for last: how many there are, were checked, and need somebody."""

    total: int
    done: int
    failed: int

    @property
    def is_over(self) -> bool:
        return self.done == self.total

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def ask(who: Who, tenants: Iterable[Connection] | None = None) -> int:
    """Check these tenants, or all that are managed; the number of them. Raises BadInput where there is none."""
    who.require(May.APPLICATIONS)
    managed = Connection.objects.of(who).filter(application__active=True, duplicate_of=None).distinct()
    wanted = list(managed if tenants is None else tenants)
    if not wanted:
        raise BadInput("tenants", "no tenant is managed yet.")
    now = system_clock()
    with transaction.atomic():
        TenantCheck.objects.of(who).filter(connection__in=wanted).delete()
        checks = (TenantCheck(connection=each, asked=now, asked_by=who.name, due=now) for each in wanted)
        TenantCheck.objects.bulk_create(checks, batch_size=500)
        audit.record(who, "connection.checks_asked", f"{len(wanted):,} tenant{'' if len(wanted) == 1 else 's'}")
        transaction.on_commit(running.changed.set)
    return len(wanted)


def progress(who: Who) -> Progress:
    who.require(May.SEE)
    mine = TenantCheck.objects.of(who)
    last = mine.filter(asked=mine.aggregate(asked=Max("asked"))["asked"] or 0)
    return Progress(last.count(), last.filter(due=None).count(), last.filter(passed=False).count())


def run(who: Who, stop: threading.Event) -> None:
    """Check here and now what was asked for: at the command line, perhaps beside a server that does so, too."""
    who.require(May.APPLICATIONS)
    try:
        while not stop.is_set() and not progress(who).is_over:
            tenant_checks.check_due(stop.is_set)
            stop.wait(0.2)
    finally:
        connections.close_all()
