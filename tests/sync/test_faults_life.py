"""What people and machines do to us while a task runs, or between two runs."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection, connections

from seatkeeper.errors import BadSetting
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import applications, runs
from seatkeeper.services.members import operator
from seatkeeper.store.models import Account, Connection, Coverage, Run, SignIn, Task
from tests.conftest import Database
from tests.people import NOW, Quiet, Tenant, compare_with_truth, open_tenant

pytestmark = pytest.mark.usefixtures("small_pages")


class Meanwhile(Quiet):
    """Does something once, after the first page of a run was saved."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act, self.done = act, False

    def tell(self, *_: object) -> None:
        if not self.done:
            self.done = True
            self.act()


def sync_meanwhile(tenant: Tenant, act: Callable[[], object], *tasks: str) -> list[runs.TaskResult]:
    request = runs.SyncRequest(tenant.name, tasks, full=True)
    return list(runs.sync(tenant.who, request, Meanwhile(act), clock=tenant.clock))


@pytest.mark.usefixtures("database")
def test_an_application_that_is_deleted_while_it_is_read_leaves_nothing_behind() -> None:
    with open_tenant(people=60) as tenant:
        (result,) = sync_meanwhile(tenant, lambda: applications.delete_application(tenant.who, tenant.name), "roster")
        assert result.exit_code == 5
        for table in (Connection, Task, Run, Account, SignIn, Coverage):
            assert not table.objects.exists()


@pytest.mark.usefixtures("database")
def test_a_secret_that_is_replaced_while_a_run_goes_on_disturbs_nothing() -> None:
    with open_tenant(people=60) as tenant:

        def replace() -> None:
            tenant.sandbox.tenant.client_secret = "another~Value.of.the.secret"

        assert [result.exit_code for result in sync_meanwhile(tenant, replace)] == [0, 0, 0]
        before = tenant.roster()
        (result,) = tenant.sync()
        assert result.exit_code == 3
        assert tenant.roster() == before
        edit = applications.Edit(secret="another~Value.of.the.secret")
        applications.edit_application(tenant.who, tenant.name, edit)
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("gone", "reason"),
    [("removed", "Client ID"), ("disabled", "disabled in the tenant"), ("tenant", "Tenant ID is not known")],
)
@pytest.mark.usefixtures("sqlite")
def test_an_application_that_is_gone_at_microsoft_costs_nobody_his_seat(gone: str, reason: str) -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        before = tenant.roster(), tenant.access()
        tenant.sandbox.tenant.switch_on("app-gone", gone)
        tenant.sandbox.tenant.ledger.clear()
        (result,) = tenant.sync(full=True)
        assert (result.exit_code, result.run.status if result.run else "") == (3, RunStatus.REFUSED)
        assert reason in result.message
        assert len([request for request in tenant.sandbox.ledger if request["method"] == "POST"]) == 1
        assert (tenant.roster(), tenant.access()) == before


def test_a_database_that_another_holds_for_a_while_is_waited_for(database: Database) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        """As a backup or a long report does."""
        from django.db import transaction

        with transaction.atomic():
            Task.objects.update(fence=0)
            held.set()
            release.wait(20)
        connections.close_all()

    with open_tenant(people=60) as tenant:
        holder = threading.Thread(target=hold)
        holder.start()
        assert held.wait(20)
        threading.Timer(0.5, release.set).start()
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        holder.join()
        assert compare_with_truth(tenant) == []


@pytest.mark.usefixtures("sqlite")
def test_a_disk_that_is_full_loses_nothing_and_the_next_run_completes() -> None:
    with open_tenant(people=60) as tenant:
        limit_pages(0)
        with pytest.raises(OperationalError, match="full"):
            tenant.sync()
        limit_pages(1_000_000)
        assert tenant.roster() == []
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        assert compare_with_truth(tenant) == []


def limit_pages(more: int) -> None:
    """How much the file may still grow, as a disk with so much room lets it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count={cursor.fetchone()[0] + more}")


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_server_that_cuts_the_connection_loses_nothing_and_the_next_run_completes(database: Database) -> None:
    def cut() -> None:
        with psycopg.connect(database.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [connection.connection.info.backend_pid])

    with open_tenant(people=60) as tenant:
        with pytest.raises(OperationalError):
            sync_meanwhile(tenant, cut)
        connection.close()
        Task.objects.update(lease_owner="", lease_until=None)  # whose process has ended
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        assert compare_with_truth(tenant) == []


@pytest.mark.usefixtures("sqlite")
def test_an_old_backup_reads_again_what_it_does_not_know(sqlite: str, tmp_path: Path) -> None:
    settings = Settings(people=60, now=NOW, frozen=True, churn=150.0)
    with Sandbox(settings=settings) as sandbox:
        tenant = Tenant(sandbox, operator())
        tenant.add()
        tenant.sync()
        file, copy = Path(sqlite.removeprefix("sqlite://")), tmp_path / "backup"
        connection.close()
        shutil.copyfile(file, copy)
        for _ in range(2):
            tenant.move(days=2)
            tenant.sync()
        connection.close()
        for leftover in file.parent.glob(f"{file.name}-*"):
            leftover.unlink()
        shutil.copyfile(copy, file)
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []
        events = list(SignIn.objects.values_list("event", flat=True))
        assert len(events) == len(set(events))
        tenant.sync("access", full=True)
        assert SignIn.objects.count() == len(events)  # nothing was missing


@pytest.mark.usefixtures("sqlite")
def test_a_credential_sealed_with_another_key_closes_the_door_and_not_the_pages() -> None:
    from django.test import override_settings

    with open_tenant(people=60) as tenant:
        tenant.sync()
        before = tenant.roster()
        with override_settings(SECRET_KEY="another key of at least 32 characters"):
            with pytest.raises(BadSetting, match="another SEATKEEPER_SECRET_KEY"):
                tenant.sync()
            assert tenant.roster() == before
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
