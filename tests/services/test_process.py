"""A process that runs on while a newer program migrates the database does nothing more in it, and says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from seatkeeper.services import process
from seatkeeper.store import leases, schema
from seatkeeper.store.models import ProcessKeys, Task
from tests.jobs.conftest import Server, wait_for
from tests.store.conftest import make_tenant

from ..conftest import Database

pytestmark = pytest.mark.both_engines


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(process, "EVERY", 0.02)
    yield
    process._outdated.clear()


def come_newer() -> None:
    MigrationRecorder(connection).record_applied("store", "0999_from_the_future")


def test_a_newer_schema_ends_the_work_and_the_pages_say_so(database: Database) -> None:
    ended = threading.Event()
    with process.looked_after(ended.set):
        assert ProcessKeys.objects.get().process == leases.this_process()
        assert not ended.wait(0.1)
        come_newer()
        assert ended.wait(10)
        page, rest = Client().get("/applications"), Client().get("/api/v1/applications")
        assert (page.status_code, page["Retry-After"]) == (503, "30")
        assert "is being upgraded" in page.content.decode()
        assert (rest.status_code, rest["Content-Type"]) == (503, "application/problem+json")
        assert Client().get("/healthz").status_code == 200
        assert Client().get("/readyz").status_code == 503
    with process.looked_after(lambda: None):
        assert not process.is_outdated(), "whoever starts anew looks anew"


def test_what_is_being_read_when_another_program_migrates_is_not_saved(database: Database) -> None:
    tenant = make_tenant("Contoso")
    fence = leases.claim(tenant.task, "old program")
    MigrationRecorder(connection).record_unapplied("store", "0052_upkeep")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE store_backup")
        cursor.execute("DROP TABLE store_processkeys")
        cursor.execute("ALTER TABLE store_connection DROP COLUMN pruned_until")
    schema.migrate()
    assert Task.objects.get(pk=tenant.task).fence == (fence or 0) + 1


@pytest.mark.deep
@pytest.mark.parametrize("words", [("worker",), ("serve", "--port", "0")])
def test_a_worker_ends_with_a_sentence_and_a_server_stays_to_say_so(database: Database, words: tuple[str, ...]) -> None:
    server = Server(*words)
    try:
        server.ready()
        come_newer()
        if words == ("worker",):
            assert server.process.wait(30) == 2
            assert "This worker ends; start the new version" in "".join(server.said)
        else:
            wait_for(lambda: server.ask("/applications").status == 503, "the page that says so")
            assert server.stop() == 0
        assert "The database is newer than this program" in "".join(server.said)
    finally:
        server.end()
