"""A tenant's connection: found by any name of the tenant, opened, shared with another product, changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Q

from seatkeeper.clock import days, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.services import addresses, own_identity
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, Connection, Task
from seatkeeper.store.models.connections import Door
from seatkeeper.sync.connecting import save_details, to_details
from seatkeeper.sync.vendors import DELEGATED, ConnectionDetails, Vendor, find_vendor_of

KEPT_FOR: Final = days(7)  # what was read in a look round stays so long for somebody to decide


def list_sharing(who: Who, product: str, tenant_id: str) -> list[str]:
    """Names of the applications that read the tenant already: the product would share their connection."""
    who.require(May.SEE)
    known = find_connection(who, find_vendor_of(product), tenant_id.strip().lower())
    return list(Application.objects.of(who).filter(connection=known).order_by("name").values_list("name", flat=True))


def find_connection(who: Who, vendor: Vendor, tenant_id: str) -> Connection | None:
    """The connection that reads the tenant, by the tenant's own id or by a name that it is known by here."""
    if not tenant_id:
        return None
    mine = Connection.objects.of(who).filter(vendor=vendor.key)
    found = mine.filter(Q(directory_id=tenant_id) | Q(tenant_id=tenant_id)).first()
    return found and (found.duplicate_of or found)


def find_named(who: Who, vendor: Vendor, typed: Mapping[str, str]) -> Connection | None:
    """The same by what was typed in: then nothing else of the vendor's form is needed."""
    named = next((typed.get(field.key, "") for field in vendor.form if field.identity), "")
    return find_connection(who, vendor, named.strip().lower())


def check_details(who: Who, vendor: Vendor, typed: Mapping[str, str], door: Door | None) -> ConnectionDetails:
    """How the tenant is reached, or what is to change of that. Raises BadInput in the words of the vendor's form."""
    titles = {field.key: field.title for field in vendor.form}
    before = None if door is None else to_details(door)
    try:
        addresses.refuse_files(who, vendor, typed, before)
        details = vendor.check_form(typed, before) if typed or before is None else before
        addresses.check_addresses(who, vendor, typed, before, details)
        own_identity.check(who, vendor, before, details)
    except BadInput as error:
        problems = [each._replace(title=titles.get(each.field, each.title)) for each in error.problems]
        raise BadInput.together(problems) from None
    return details


def check_shared(who: Who, vendor: Vendor, typed: Mapping[str, str], known: Connection) -> ConnectionDetails:
    """What changes of a connection that another product is to share. Its credential may be left out."""
    details = check_details(who, vendor, typed, known)
    if details.credential is None and details.client_id != known.client_id:
        raise BadInput(
            "client_id",
            f"this tenant is read as the app registration {known.client_id} here. Leave it out, or give the "
            "credential of the other one too.",
        )
    return details


def refuse_twice(who: Who, known: Connection, product: str) -> None:
    """Raises BadInput when the product is managed already."""
    same = Application.objects.of(who).filter(connection=known, product=product).first()
    if same is not None:
        way_out = "reactivate or delete it" if not same.active else "edit or delete that one"
        raise BadInput(
            "tenant_id",
            f"{same.name!r} reads this product of this tenant already; counting its licences twice would double "
            f"the bill. To change it, {way_out}.",
        )


def same_tenant_as(who: Who, application: Application) -> str:
    """Names of the applications that read the same tenant by another of its names; empty for none."""
    if (duplicate_of := application.connection.duplicate_of_id) is None:
        return ""
    twins = Application.objects.of(who).filter(connection=duplicate_of).order_by("name")
    return ", ".join(f"“{name}”" for name in twins.values_list("name", flat=True))


def connect(who: Who, vendor: Vendor, details: ConnectionDetails, tasks: Sequence[str]) -> Connection:
    """A new connection to a tenant, with the tasks that were ticked: a look round, where somebody signed in for it."""
    connection = Connection.objects.create(
        organization_id=who.organization_id,
        vendor=vendor.key,
        tenant_id=details.tenant_id,
        directory_id=details.directory_id,
        created=system_clock(),
        forget_at=system_clock() + KEPT_FOR if details.credential_kind == DELEGATED else None,
    )
    save_details(connection, details)
    tick(who, connection, vendor, tasks, only=True)
    return connection


def read_again(who: Who, connection: Connection) -> None:
    """A look round reads once: what joins it again is read once more."""
    if connection.forget_at is not None:
        ticked = Task.objects.of(who).filter(connection=connection, enabled=True)
        ticked.update(due=system_clock(), asked_by=who.name)


def tick(who: Who, connection: Connection, vendor: Vendor, tasks: Sequence[str], *, only: bool) -> list[str]:
    """Enable these tasks; with `only`, disable all others. "tasks" when that changed anything."""
    changed = False
    for kind in vendor.tasks:
        wanted = kind.key in tasks
        task, _ = Task.objects.get_or_create(connection=connection, key=kind.key, defaults={"enabled": False})
        if task.enabled != wanted and (wanted or only):
            Task.objects.of(who).filter(pk=task.pk).update(enabled=wanted)
            changed = True
    if changed:
        connection.touch()
    return ["tasks"] if changed else []
