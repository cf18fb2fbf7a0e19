"""Which tenant a connection reads: its own id tells, and of two connections to one tenant only the first is read."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from seatkeeper.errors import SameTenant
from seatkeeper.store.models import Application, Connection


def recognize(connection: Connection, directory_id: str) -> None:
    """Keep the tenant's own id; it is told at the first contact, before anything of the tenant is stored.

    Raises SameTenant when the organization reads this tenant through another connection, which was added by another
    of its names. What an earlier version stored through both stays, and the later one is marked as the duplicate.
    """
    mine = Connection.objects.filter(pk=connection.pk)
    if not directory_id or (connection.directory_id == directory_id and connection.duplicate_of_id is None):
        return
    try:
        with transaction.atomic():
            mine.update(directory_id=directory_id, duplicate_of=None)
            return
    except IntegrityError:  # one connection a directory: the store decides, also between two runs at once
        same = Connection.objects.filter(
            organization_id=connection.organization_id, vendor=connection.vendor, directory_id=directory_id
        ).get()
    mine.update(duplicate_of=same)
    names = Application.objects.filter(connection=same).order_by("name").values_list("name", flat=True)
    readers = " and ".join(repr(name) for name in names)
    raise SameTenant(
        f"{connection.tenant_id} is the tenant {directory_id}, which {readers} reads already as {same.tenant_id}; "
        f"read twice, its seats would be counted twice. Delete one of the two. To manage another product of the "
        f"tenant, add that product with the Tenant ID {directory_id}: it shares the connection."
    )
