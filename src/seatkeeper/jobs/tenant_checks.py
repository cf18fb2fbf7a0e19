"""Authorize for many tenants at once: each is checked in the background, and what was found of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import connections as database_connections

from seatkeeper.clock import seconds, system_clock
from seatkeeper.connectors.base import Check
from seatkeeper.connectors.catalog import find_vendor
from seatkeeper.errors import CredentialsRejected, SameTenant, TryLater
from seatkeeper.jobs.preflights import LONGEST, Preflight, go_through
from seatkeeper.store.models import Connection, Task, TenantCheck
from seatkeeper.sync.connecting import open_connector, to_details
from seatkeeper.sync.identity import recognize

ONE_NAME: Final = "The tenant is known by one name"
AT_ONCE: Final = 4
CLAIM: Final = seconds(2 * LONGEST)  # longer than a check may take; who died during one is followed after it


def list_checks(connection: Connection) -> Iterator[Check]:
    """What must hold at the vendor, one by one. Of what is found, only which tenant it is is stored."""
    with open_connector(connection) as connector:
        ticked = set(Task.objects.filter(connection=connection, enabled=True).values_list("key", flat=True))
        for number, check in enumerate(connector.preflight(ticked)):
            yield check
            if number == 0 and check.passed:  # the credential is accepted, so the tenant can be known
                try:
                    directory_id = connector.identify()
                    recognize(connection, directory_id)
                except (CredentialsRejected, SameTenant, TryLater) as error:
                    yield Check(ONE_NAME, False, str(error), unanswered=isinstance(error, TryLater))
                    return
                if directory_id not in ("", connection.tenant_id):
                    yield Check(ONE_NAME, passed=True, message=f"{connection.tenant_id} is the tenant {directory_id}.")


def is_due() -> bool:
    return TenantCheck.objects.filter(due__lte=system_clock()).exists()


def check_due(stop: Callable[[], bool]) -> None:
    """Check all tenants whose turn it is, some at once. Several processes may look: each tenant is checked by one."""
    due = list(TenantCheck.objects.filter(due__lte=system_clock()).select_related("connection").order_by("due", "pk"))
    if not due:
        return

    def check_one(check: TenantCheck) -> None:
        try:
            claimed = TenantCheck.objects.filter(pk=check.pk, due=check.due)
            if not stop() and claimed.update(due=system_clock() + CLAIM):
                _check(check)
        finally:
            database_connections.close_all()

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tenant check") as pool:
        list(pool.map(check_one, due))


def _check(check: TenantCheck) -> None:
    found = Preflight(check.connection.organization_id)
    try:
        go_through(found, list_checks(check.connection))
    finally:
        failed = [each for each in found.checks if each.passed is False]
        message = " ".join(f"{each.title}: {_tell(check.connection, each)}" for each in failed)
        # Asked again meanwhile, it stays due: what was found may be from before.
        same = TenantCheck.objects.filter(pk=check.pk, asked=check.asked)
        same.update(due=None, checked=system_clock(), passed=not failed, message=message)


def _tell(connection: Connection, check: Check) -> str:
    """Whether a machine inside refused or kept silent would map the network for whoever reads it."""
    vendor = find_vendor(connection.vendor)
    filled = vendor.fill_form(to_details(connection))
    is_elsewhere = any(filled.get(field.key) for field in vendor.form if field.address)
    return "Nothing answers there as the vendor does." if check.unanswered and is_elsewhere else check.message
