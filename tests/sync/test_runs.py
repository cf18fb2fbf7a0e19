"""How runs end: complete, held, refused, failed, interrupted; what stays, and who is never retired."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import stamina

from seatkeeper import failpoints
from seatkeeper.model import RunStatus
from seatkeeper.services import runs
from seatkeeper.store.models import Account, Coverage, Quarantine, Run, SignIn, Task
from tests.conftest import Database
from tests.people import NOW, Quiet, Tenant, compare_with_truth, open_tenant, read_tenant


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    """Retries happen, and nobody waits between them."""
    with stamina.set_testing(True, attempts=3):
        yield


def words(results: list[runs.TaskResult]) -> list[str]:
    return [result.run.status for result in results if result.run]


@pytest.mark.usefixtures("database")
class TestReads:
    def test_a_read_that_stops_early_retires_nobody_and_waits_for_a_word(self) -> None:
        with read_tenant(people=2500) as tenant:
            before = tenant.roster()
            tenant.sandbox.tenant.switch_on("truncated-roster", "2")
            (result,) = tenant.sync("roster", full=True)
            assert words([result]) == [RunStatus.HELD]
            assert result.exit_code == 5
            assert "Nobody was retired" in result.message
            assert tenant.roster() == before
            assert result.run is not None
            runs.discard_run(tenant.who, result.run.pk)
            assert tenant.roster() == before
            tenant.sandbox.tenant.switch_off()
            assert words(tenant.sync("roster", full=True)) == [RunStatus.COMPLETE]
            assert tenant.roster() == before

    def test_a_confirmed_loss_is_published(self) -> None:
        with open_tenant(people=2500) as tenant:
            tenant.sync("roster")
            tenant.sandbox.tenant.switch_on("truncated-roster", "2")
            (result,) = tenant.sync("roster", full=True)
            assert result.run is not None
            before = len(tenant.roster())
            runs.confirm_run(tenant.who, result.run.pk)
            assert len(tenant.roster()) < before
            tenant.sandbox.tenant.switch_off()
            tenant.sync("roster", full=True)
            assert len(tenant.roster()) == before  # who was retired by mistake comes back with the next read

    def test_running_again_replaces_a_held_read(self) -> None:
        with open_tenant(people=2500) as tenant:
            tenant.sync("roster")
            tenant.sandbox.tenant.switch_on("truncated-roster", "2")
            tenant.sync("roster", full=True)
            tenant.sandbox.tenant.switch_off()
            assert words(tenant.sync("roster")) == [RunStatus.COMPLETE]
            assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []

    def test_server_errors_for_ever_end_as_failed_and_keep_what_was_published(self) -> None:
        with read_tenant() as tenant:
            before = tenant.roster(), tenant.access()
            tenant.sandbox.tenant.switch_on("server-error", "0")
            results = tenant.sync()
            assert words(results) == [RunStatus.FAILED] * 3
            assert runs.exit_code(results) == 4
            assert (tenant.roster(), tenant.access()) == before

    def test_a_first_read_that_breaks_in_the_middle_shows_nobody_half(self) -> None:
        with open_tenant(people=3500) as tenant:
            tenant.sandbox.tenant.switch_on("server-error", "3")
            (result,) = tenant.sync("roster")
            assert words([result]) == [RunStatus.FAILED]
            assert tenant.roster() == []
            assert Account.objects.exists()  # kept for the next run, seen by nobody
            tenant.sandbox.tenant.switch_off()
            (result,) = tenant.sync("roster")
            assert words([result]) == [RunStatus.COMPLETE]
            assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []

    def test_a_run_goes_on_where_the_last_one_stopped(self) -> None:
        with open_tenant(people=5000) as tenant:
            asked: list[int] = []

            def stop() -> bool:
                asked.append(1)
                return len(asked) > 3

            request = runs.SyncRequest(tenant.name, ["roster"])
            (result,) = runs.sync(tenant.who, request, Quiet(), clock=tenant.clock, stop=stop)
            assert (words([result]), result.exit_code) == ([RunStatus.INTERRUPTED], 5)
            (result,) = tenant.sync("roster")
            assert result.run is not None
            assert result.run.pages <= 3  # of six; three were saved before
            assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []

    def test_empty_pages_end_nothing(self) -> None:
        with open_tenant(people=2500, faults=["empty-page"]) as tenant:
            assert words(tenant.sync()) == [RunStatus.COMPLETE] * 3
            assert compare_with_truth(tenant) == []

    def test_a_month_without_a_run_is_known_as_lost(self) -> None:
        from seatkeeper.services import coverage

        with read_tenant() as tenant:
            tenant.move(days=40)
            tenant.sync()
            states = [str(row[2]) for row in coverage.coverage(tenant.who, tenant.name, tenant.clock).rows]
            assert "lost" in states
            since = tenant.person("Bo")["Observed Since"]
            assert since > "2026-08-01"  # "none seen since" begins after the gap

    def test_late_sign_ins_are_found_by_the_next_run(self) -> None:
        with read_tenant(people=250, faults=["late=all"]) as tenant:
            before = SignIn.objects.count()
            tenant.move(hours=26)
            tenant.sync("access")
            truth = tenant.sandbox.truth()["access"]
            newest = {row["object_id"]: row["last_login"] for row in truth if row["last_login"]}
            said = {row["Object ID"]: row["Last Login"] for row in tenant.access() if row["Last Login"]}
            assert SignIn.objects.count() > before
            assert {key: said.get(key) for key in newest if key in said} == {
                key: value for key, value in ((k, _trim(v)) for k, v in newest.items()) if key in said
            }

    def test_a_row_that_cannot_be_understood_is_set_aside_and_the_rest_is_kept(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from seatkeeper.connectors.microsoft import roster

        convert = roster.to_object_key

        def refuse_one(text: str) -> bytes:
            if text == victim:
                raise ValueError("id: not in lower case")
            return convert(text)

        with open_tenant() as tenant:
            victim = next(row["object_id"] for row in tenant.sandbox.truth()["roster"])
            monkeypatch.setattr(roster, "to_object_key", refuse_one)
            (result,) = tenant.sync("roster")
            assert (words([result]), result.exit_code) == ([RunStatus.COMPLETE], 6)
            assert Quarantine.objects.get().reason == "id: not in lower case"
            assert victim in bytes(Quarantine.objects.get().raw).decode()
            assert len(tenant.roster()) == len(tenant.sandbox.truth()["roster"]) - 1


def _trim(text: str) -> str:
    from tests.people import same_time

    return same_time(text) or ""


@pytest.mark.usefixtures("database")
class TestProcesses:
    def test_the_same_task_started_twice_runs_once(self) -> None:
        with open_tenant() as tenant:
            from seatkeeper.store import leases

            task = Task.objects.get(key="roster")
            assert leases.claim(task.pk, "elsewhere:1:1:1:1") is not None
            (result,) = tenant.sync("roster")
            assert (result.run, result.exit_code) == (None, 5)
            assert "another process" in result.message

    def test_a_process_that_lost_its_lease_cannot_save(self) -> None:
        from seatkeeper.store import leases

        with open_tenant(people=3000) as tenant:
            task = Task.objects.get(key="roster")

            class TakeOver(Quiet):
                def tell(self, *_: object) -> None:
                    Task.objects.filter(pk=task.pk).update(lease_owner="elsewhere", fence=99)

            request = runs.SyncRequest(tenant.name, ["roster"])
            (result,) = runs.sync(tenant.who, request, TakeOver(), clock=tenant.clock)
            assert (words([result]), result.exit_code) == ([RunStatus.INTERRUPTED], 5)
            assert Account.objects.count() == 999  # the page before the take-over, and not one row more
            leases.release(task.pk, 99)


def test_a_killed_process_leaves_a_state_that_the_next_run_completes(database: Database) -> None:
    with open_tenant(people=1500) as tenant:
        for place in ("FP:after-page@2", "FP:before-commit@3"):
            child = run_until(tenant, f"{place}=kill")
            assert child.returncode == -signal.SIGKILL, child.stderr
            assert Run.objects.filter(status=RunStatus.RUNNING).exists()
        assert words(tenant.sync()) == [RunStatus.COMPLETE] * 3
        assert compare_with_truth(tenant) == []
        assert not Run.objects.filter(status=RunStatus.RUNNING).exists()


def test_a_polite_stop_ends_at_a_page_with_exit_code_5(database: Database) -> None:
    with open_tenant(people=2500) as tenant:
        child = run_until(tenant, "FP:after-page@2=term", "--task", "roster")
        assert child.returncode == 5, child.stderr
        assert Run.objects.latest("id").status == RunStatus.INTERRUPTED
        assert 0 < Account.objects.count() < 2500
        assert "next run goes on" in child.stderr


def run_until(tenant: Tenant, failpoint: str, *more: str) -> subprocess.CompletedProcess[str]:
    """`seatkeeper sync` in a process of its own, to which a signal comes at a failpoint."""
    command = [sys.executable, "-m", "seatkeeper", "sync", tenant.name, "--now", NOW, *more]
    env = os.environ | {failpoints.VARIABLE: failpoint}
    return subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env, check=False, timeout=60
    )


def test_coverage_is_only_claimed_for_windows_read_to_their_end(database: Database) -> None:
    with open_tenant(people=250) as tenant:
        with stamina.set_testing(True, attempts=1):
            tenant.sandbox.tenant.switch_on("server-error", "2")
            results = tenant.sync("access")
        assert words(results) == [RunStatus.FAILED]
        claimed = sorted(Coverage.objects.values_list("start", "end"))
        tenant.sandbox.tenant.switch_off()
        tenant.sync()
        assert compare_with_truth(tenant) == []
        assert len(claimed) < Coverage.objects.count()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("fault", ["poison-row", "wrong-type", "bad-id", "lone-surrogate", "null-everywhere"])
def test_nobody_is_retired_because_his_row_could_not_be_read(fault: str) -> None:
    with read_tenant(people=1200, seed=3) as tenant:
        before = tenant.roster()
        tenant.sandbox.tenant.switch_on(fault)
        results = tenant.sync("roster", full=True)
        assert words(results) == [RunStatus.COMPLETE]
        assert {row["Object ID"] for row in tenant.roster()} == {row["Object ID"] for row in before}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("fault", ["year-one", "far-future", "tomorrow"])
def test_a_sign_in_with_an_impossible_time_is_nobodys_last_login(fault: str) -> None:
    with open_tenant(people=250, seed=3) as tenant:
        tenant.sandbox.tenant.switch_on(fault)
        tenant.sync()
        tenant.sandbox.tenant.switch_off(fault)
        assert all(row["Last Login"] is None or "2026-07-01" < row["Last Login"] < NOW for row in tenant.access())
        tenant.sync(full=True)
        assert compare_with_truth(tenant) == []


@pytest.mark.usefixtures("database")
def test_a_window_that_is_refused_for_ever_is_read_in_halves() -> None:
    with open_tenant(people=250) as tenant:
        tenant.sandbox.tenant.switch_on("wide-window", "12")
        assert words(tenant.sync("access")) == [RunStatus.COMPLETE]
        tenant.sync("roster")
        assert [line for line in compare_with_truth(tenant) if line.startswith("access")] == []
