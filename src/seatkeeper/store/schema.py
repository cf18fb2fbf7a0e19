"""The database's shape against this program's: older is migrated, newer is refused."""

from __future__ import annotations

import pkgutil
import time
from collections.abc import Iterable
from importlib import import_module

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, NotSupportedError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models import F

from seatkeeper.errors import BadSetting
from seatkeeper.settings import database
from seatkeeper.store.files import close_to_others

APP = "store"
QUEUE = "procrastinate"  # its tables hold nothing that is worth keeping
DAMAGED = ("malformed", "is not a database")  # as SQLite says it
POOLER = (
    "SEATKEEPER_DATABASE_URL leads to a pooler that lends each transaction another session (PgBouncer in transaction "
    "mode). Give the address of PostgreSQL itself, or a pool in session mode that passes on "
    "idle_in_transaction_session_timeout"
)
PATIENCE = 40  # tries to migrate, so many seconds apart
WAIT = 0.5


def check_schema() -> bool:
    """True when the database has today's shape, False when it must be migrated first.

    Raises BadSetting for a database that a newer program has migrated (this one would misread it), and for
    one that cannot be reached.
    """
    known = {(app.label, name) for app in apps.get_app_configs() for name in _migrations_of(app.label)}
    try:
        _check_server()
        applied = set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError as error:
        raise _explain(error) from error
    if newer := list_unknown(applied):
        raise BadSetting(tell_newer(newer[-1]))
    return known <= applied


def _explain(error: DatabaseError) -> BadSetting:
    """Why the database cannot be used, and the way out."""
    name, detail = "SEATKEEPER_DATABASE_URL", str(error)
    if any(word in detail for word in DAMAGED):
        why = (
            "the database file is damaged, or is no database. A plain copy of a live database may be, and so may one "
            "that was put beside the journal of another. Restore a backup: `seatkeeper restore FILE --replace`"
        )
    elif "readonly database" in detail:
        name = "SEATKEEPER_HOME"
        why = "the database file cannot be written to. Give the folder and the file to the user that runs seatkeeper"
    elif isinstance(error, NotSupportedError):
        why = "this PostgreSQL is too old. Upgrade it to version 14 or newer"
    elif "unsupported startup parameter" in detail:
        return BadSetting(POOLER, detail=detail)
    elif "too many" in detail:
        why = "PostgreSQL has no connection left. Raise its max_connections, or lower SEATKEEPER_SLOTS of each process"
    else:
        why = (
            "the database cannot be used. Is it running, is it reachable from here, and may this user read and write "
            "it?"
        )
    return BadSetting(f"{name}: {why}", detail=detail)


def find_newer() -> str:
    """The newest migration that a newer program has made in the database since; empty for none."""
    newer = list_unknown(MigrationRecorder(connection).applied_migrations())
    return newer[-1] if newer else ""


def tell_newer(migration: str) -> str:
    return (
        f"The database is newer than this program: it has {migration}. Install the version of Seatkeeper that was used "
        "with it last, or a newer one. To go back to this version, restore the backup that was made before the upgrade "
        "(on SQLite `seatkeeper restore FILE --replace` with before-….zip in SEATKEEPER_HOME)"
    )


def _check_server() -> None:
    """Raises BadSetting when a pooler lends each transaction another session: LISTEN and our limits would be lost."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")
            if cursor.fetchone() != (round(database.IDLE_SECONDS * 1000),):
                raise BadSetting(POOLER)


def check_room(needed: int) -> None:
    """Raises BadSetting when PostgreSQL takes fewer connections than this process alone may need."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END)"
            " FROM pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections')"
        )
        (most,) = cursor.fetchone()
    if most < needed:
        raise BadSetting(
            f"SEATKEEPER_SLOTS: so many slots need {needed} connections, and PostgreSQL takes {most} in all. Lower it, "
            "or raise max_connections of PostgreSQL"
        )


def find_damage() -> str:
    """What is wrong with the database file; empty when nothing is. PostgreSQL checks its pages itself."""
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        (found,) = cursor.fetchone()
    return "" if found == "ok" else str(found)


def list_unknown(applied: Iterable[tuple[str, str]]) -> list[str]:
    """Migrations of ours that a newer program has made."""
    known = set(_migrations_of(APP))
    return sorted(name for app, name in applied if app == APP and name not in known)


def migrate_to(applied: Iterable[tuple[str, str]]) -> None:
    """Give an empty database the shape that it has after these migrations, and no newer one."""
    executor, wanted = Executor(connection), {each for each in applied if each[0] != QUEUE}
    graph = executor.loader.graph
    # Those that no other of their application builds on: numbers do not tell.
    inner = {parent.key for each in wanted & graph.nodes.keys() for parent in graph.node_map[each].parents
             if parent.key[0] == each[0]}  # fmt: skip
    executor.migrate(sorted(wanted & graph.nodes.keys() - inner))


def _migrations_of(label: str) -> list[str]:
    """Those of one application, ours or a library's; quick, because none of them is imported."""
    try:
        package = import_module(MigrationLoader.migrations_module(label)[0] or "")
    except (ImportError, ValueError):
        return []
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


class Executor(MigrationExecutor):
    """Django's, for processes that may be killed, and that may start at the same time.

    Django notes some migrations as done only after the transaction that did them: whoever is killed in between leaves
    a database that can never be migrated again. And it looks only once, at its start, which ones are done.
    """

    def apply_migration(self, state: ProjectState, migration: Migration, *_: bool, **__: bool) -> ProjectState:
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            if connection.vendor == "postgresql":  # SQLite has locked the whole file by now
                editor.execute("LOCK TABLE django_migrations IN EXCLUSIVE MODE")
            if (migration.app_label, migration.name) in self.recorder.applied_migrations():
                return migration.mutate_state(state, preserve=False)
            state = migration.apply(state, editor)
            for statement in editor.deferred_sql:
                editor.execute(statement, None)
            editor.deferred_sql.clear()
            self.record_migration(migration)  # type: ignore[arg-type, call-arg] # the stubs know an older one
        return state


def migrate() -> None:
    """Bring the database to today's shape; quick when it has it. Raises BadSetting as `check_schema` does.

    Of several processes that start at once, each does the migrations that no other has done yet.
    """
    close_to_others()
    for _ in range(PATIENCE):
        if check_schema():
            return
        try:
            executor = Executor(connection)
            executor.migrate(executor.loader.graph.leaf_nodes())
            with transaction.atomic():  # an older process that is at a run saves nothing more of it
                apps.get_model(APP, "Task").objects.update(fence=F("fence") + 1)
            emit_post_migrate_signal(0, False, connection.alias)
        except DatabaseError as error:
            trouble = error  # most likely another process is just making the same tables
            time.sleep(WAIT)
        else:
            return
    raise trouble
