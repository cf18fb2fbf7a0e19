"""The database's shape against this program's: older is migrated, newer is refused."""

from __future__ import annotations

import pkgutil
import time

from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, OperationalError, ProgrammingError, connection
from django.db.migrations.recorder import MigrationRecorder

from seatkeeper.errors import BadSetting
from seatkeeper.store import migrations

APP = "store"
PATIENCE = 40  # tries to migrate, so many seconds apart
WAIT = 0.5


def check_schema() -> bool:
    """True when the database has today's shape, False when it must be migrated first.

    Raises BadSetting for a database that a newer program has migrated (this one would misread it), and for
    one that cannot be reached.
    """
    known = {module.name for module in pkgutil.iter_modules(migrations.__path__)}
    try:
        applied = {name for app, name in MigrationRecorder(connection).applied_migrations() if app == APP}
    except DatabaseError as error:
        raise BadSetting(
            "SEATKEEPER_DATABASE_URL: the database cannot be used. Is it running, is it reachable from here, "
            "and may this user read and write it?",
            detail=str(error),
        ) from error
    if newer := sorted(applied - known):
        raise BadSetting(
            f"The database is newer than this program: it has {newer[-1]}. "
            "Install the version of Seatkeeper that was used with it last, or a newer one"
        )
    return applied == known


def migrate() -> None:
    """Bring the database to today's shape; quick when it has it. Raises BadSetting as `check_schema` does.

    Of several processes that start at once on an empty database, one gets through and the others find it done.
    """
    for _ in range(PATIENCE):
        if check_schema():
            return
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            trouble = error  # most likely another process is just making the same tables
            time.sleep(WAIT)
        else:
            return
    raise trouble
