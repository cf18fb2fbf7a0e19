"""Backup and restore, for whoever is at the machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadSetting
from seatkeeper.jobs import backups
from seatkeeper.model import Instant, to_text
from seatkeeper.services import audit
from seatkeeper.services.members import operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import backup, seal
from seatkeeper.store.backup import Header
from seatkeeper.store.models import AuditEvent, Backup, Connection
from seatkeeper.store.pending import list_pending
from seatkeeper.store.schema import check_schema
from seatkeeper.tabular.tables import Table

LARGEST_BEFORE_UPGRADE = 2**30  # bytes of a database that is backed up by itself before an upgrade


class Restored(NamedTuple):
    """What was restored; of its sealed credentials, how many the key at hand opens."""

    header: Header
    sealed: int
    opened: int


def make(path: Path) -> Header:
    """A backup of the whole database; one that an older version made is backed up as it is, without a note of it."""
    if not check_schema():
        return backup.write(path)
    header = backups.make(Backup.objects.create(file=str(path.absolute()), scheduled=False, started=system_clock()))
    audit.record(operator(), "backup.made", path.name)
    return header


def make_before_upgrade() -> Path | None:
    """A copy of a SQLite database in its old shape, the way back from an upgrade; None where there is nothing to keep.

    Raises BadInput when it cannot be made: then nothing is migrated. A larger database is left to its operator.
    """
    place = Path(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or not place.exists() or not backup.has_data():
        return None
    size = place.stat().st_size
    if size > LARGEST_BEFORE_UPGRADE or shutil.disk_usage(SEATKEEPER.home).free < 3 * size:
        return None
    path = SEATKEEPER.home / f"before-{list_pending()[0].name}.zip"
    if not path.exists():
        backup.write(path)
        for older in set(SEATKEEPER.home.glob("before-*.zip")) - {path}:
            older.unlink(missing_ok=True)
    return path


def newest() -> Instant | None:
    """When the newest backup was made; None before the first that is known of."""
    row = backups.newest()
    noted = AuditEvent.objects.filter(action="backup.made").order_by("-pk").values_list("at", flat=True).first()
    return max((moment for moment in (row.started if row else None, noted) if moment is not None), default=None)


def list_backups() -> Table:
    """Every backup that is noted, newest first, with what became of it."""
    rows = [
        (to_text(row.started), row.file, row.size, "scheduled" if row.scheduled else "by hand", _to_result(row))
        for row in Backup.objects.order_by("-started", "-pk")
    ]
    return Table(("Made", "File", "Bytes", "How", "Result"), rows)


def _to_result(row: Backup) -> str:
    if row.removed:
        return "removed: too old"
    return row.trouble or ("not ended" if row.ended is None else "verified")


def restore(path: Path, *, replace: bool) -> Restored:
    """Put a backup in the place of the database, in today's shape."""
    header = backup.restore(path, replace=replace)
    Backup.objects.filter(ended=None).delete()  # the copy's own, which was being made
    audit.record(operator(), "backup.restored", path.name, f"made {header.made} by {header.version}")
    sealed = Connection.objects.exclude(credential=b"").count()
    return Restored(header, sealed, sealed - len(list_unopened()))


def list_unopened() -> list[Connection]:
    """Whose credential the key at hand does not open."""
    unopened = []
    for row in Connection.objects.exclude(credential=b""):
        try:
            seal.open_sealed(bytes(row.credential), row.organization_id, row.pk)
        except BadSetting:
            unopened.append(row)
    return unopened
