"""Backup and restore, for whoever is at the machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seatkeeper.errors import BadSetting
from seatkeeper.model import Instant
from seatkeeper.services import audit
from seatkeeper.services.members import operator
from seatkeeper.store import backup, seal
from seatkeeper.store.backup import Header
from seatkeeper.store.models import AuditEvent, Connection
from seatkeeper.store.schema import check_schema


class Restored(NamedTuple):
    """What was restored; of its sealed credentials, how many the key at hand opens."""

    header: Header
    sealed: int
    opened: int


def make(path: Path) -> Header:
    """A backup of the whole database; one that an older version made is backed up as it is."""
    header, current = backup.write(path), check_schema()
    if current:
        audit.record(operator(), "backup.made", path.name)
    return header


def newest() -> Instant | None:
    """When the newest backup was made; None before the first that is known of."""
    return AuditEvent.objects.filter(action="backup.made").order_by("-pk").values_list("at", flat=True).first()


def restore(path: Path, *, replace: bool) -> Restored:
    """Put a backup in the place of the database, in today's shape."""
    header = backup.restore(path, replace=replace)
    audit.record(operator(), "backup.restored", path.name, f"made {header.made} by {header.version}")
    sealed = Connection.objects.exclude(credential=b"").count()
    return Restored(header, sealed, sealed - len(list_unopened()))


def list_unopened() -> list[Connection]:
    """Whose credential the key at hand does not open."""
    unopened = []
    for connection in Connection.objects.exclude(credential=b""):
        try:
            seal.open_sealed(bytes(connection.credential), connection.organization_id, connection.pk)
        except BadSetting:
            unopened.append(connection)
    return unopened
