"""Deleting everything leaves no byte in the database's files, and nobody else on the machine can read them."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from seatkeeper.services import applications
from seatkeeper.services.members import operator
from seatkeeper.store import migrate
from seatkeeper.store.files import COMPANIONS
from seatkeeper.store.models import Application, SeatHolder, Task

from ..conftest import connected
from ..people import Tenant, open_tenant

CANARY = "canary-in-the-coal-mine"


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with open_tenant() as tenant:
        tenant.sync()
        yield tenant


def files() -> list[Path]:
    """Everything in which the database could keep a row. PostgreSQL's log is written ahead of it and is not a row."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return [path for end in COMPANIONS if (path := Path(name + end)).exists()]
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        root = Path(cursor.fetchone()[0])
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        return [path for path in (root / "base" / str(cursor.fetchone()[0])).rglob("*") if path.is_file()]


def found(words: list[str]) -> set[str]:
    bodies = [path.read_bytes() for path in files()]
    return {word for word in words if any(word.encode() in body for body in bodies)}


def test_with_a_tenants_last_application_every_byte_of_its_people_goes(tenant: Tenant) -> None:
    words = [str(row["User ID"]) for row in tenant.roster()]
    holder = SeatHolder.objects.values().first()
    assert holder is not None
    others = (
        SeatHolder(**holder | {"id": None, "account": os.urandom(16), "user_id": f"{CANARY}-{n:05}@a.example"})
        for n in range(3000)
    )
    SeatHolder.objects.bulk_create(others)  # enough for pages that are split, moved and freed
    SeatHolder.objects.filter(user_id__endswith="7@a.example").delete()
    words += [f"{CANARY}-00017@", f"{CANARY}-02999@"]
    assert CANARY in "".join(found([CANARY]))
    assert found(words[:1])
    assert applications.delete_application(operator(), tenant.name)
    assert found([*words, CANARY]) == set()
    assert not Task.objects.exists()


def test_what_somebody_read_while_it_was_deleted_goes_when_they_are_done(tenant: Tenant) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite waits for its readers itself")
    words = [str(row["User ID"]) for row in tenant.roster()]
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1")
        threading.Timer(0.5, reader.rollback).start()
        assert applications.delete_application(operator(), tenant.name)
    assert found(words) == set()


def test_a_writer_in_another_database_of_the_server_keeps_no_byte_either(tenant: Tenant) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a database of SQLite's has no neighbours")
    words = [str(row["User ID"]) for row in tenant.roster()]
    there = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "dbname": "postgres"}
    with psycopg.connect(**there) as writer:
        writer.execute("SELECT pg_current_xact_id()")
        threading.Timer(0.5, writer.rollback).start()
        assert applications.delete_application(operator(), tenant.name)
    assert found(words) == set()


def test_a_deletion_that_cannot_be_erased_at_once_is_a_deletion_all_the_same(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def busy() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("seatkeeper.store.erasing._erase_sqlite", busy)
    monkeypatch.setattr("seatkeeper.store.erasing._erase_postgresql", busy)
    assert applications.delete_application(operator(), tenant.name)
    assert not Application.objects.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
def test_the_files_of_an_older_installation_are_closed_to_others(
    sqlite_database: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), connected(sqlite_database):
        name = str(connection.settings_dict["NAME"])
        Path(name + "-journal").touch()
        for end in ("", "-journal"):
            Path(name + end).chmod(0o644)
        migrate()
        for path in files():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
def test_a_new_database_is_closed_from_its_first_byte(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    before = os.umask(0o022)
    try:
        with django_db_blocker.unblock(), connected(f"sqlite://{tmp_path / 'new.sqlite3'}"):
            migrate()
            modes = {stat.S_IMODE(path.stat().st_mode) for path in files()}
    finally:
        os.umask(before)
    assert modes == {0o600}
