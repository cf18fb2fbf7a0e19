"""Figures for Prometheus: named by its conventions, few, quick, and about nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from seatkeeper.clock import days, hours, seconds, system_clock
from seatkeeper.services import audit, metrics
from seatkeeper.services.members import Who, operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Application, Connection, Run, Task
from tests.people import Tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")

# fmt: off
UNITS = ("_seconds", "_bytes", "_info", "_total")
COUNTS = ("seatkeeper_queue", "seatkeeper_running", "seatkeeper_refreshes_waiting", "seatkeeper_notices_open",
          "seatkeeper_notice_deliveries_waiting", "seatkeeper_notice_targets_failing",
          "seatkeeper_database_connections", "process_open_fds", "process_max_fds")  # fmt: skip
LABELS = {"task", "status", "kind", "version", "method", "route", "le", "connection"}


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    """Another test's database had other runs."""
    metrics._ledgers.clear()
    yield
    metrics._ledgers.clear()


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with read_tenant() as tenant:
        yield tenant


def figures(who: Who | None = None) -> dict[str, float]:
    """Each sample by its name with its labels."""
    families = text_string_to_metric_families(metrics.text(who).decode())
    return {
        s.name + "".join(f"[{value}]" for _, value in sorted(s.labels.items())): s.value
        for f in families
        for s in f.samples
    }


def test_names_units_and_labels_keep_the_conventions(tenant: Tenant) -> None:
    audit.record(operator(), "backup.made", "monday.zip")
    families = list(text_string_to_metric_families(metrics.text().decode()))
    assert len(families) > 20
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert re.fullmatch(r"(seatkeeper|process)_[a-z_]+", name)
        assert family.documentation, name
        assert name.endswith(UNITS) or name in COUNTS, f"{name} ends with its unit, or is a count"
        for sample in family.samples:
            assert set(sample.labels) <= LABELS, name
            assert not sample.name.endswith("_created")
    assert len({family.name for family in families}) == len(families)


def test_nobody_is_in_them(tenant: Tenant) -> None:
    text = metrics.text().decode()
    rows = tenant.roster()
    assert rows
    for row in rows:
        assert row["User ID"] not in text
        assert row["User ID"].partition("@")[0] not in text
    assert tenant.sandbox.tenant_id not in text


def test_runs_are_counted_by_task_and_how_they_ended(tenant: Tenant) -> None:
    found = figures()
    for task in ("roster", "access", "licenses"):
        assert found[f"seatkeeper_runs_total[complete][{task}]"] == 1
        assert found[f"seatkeeper_rows_total[{task}]"] == Run.objects.get(task__key=task).rows
        assert found[f"seatkeeper_last_success_age_seconds[{task}]"] >= 0
    assert found["seatkeeper_queue"] >= 0
    assert found["seatkeeper_disk_free_bytes"] > 0
    assert found["seatkeeper_database_size_bytes"] > 0
    assert found["process_cpu_seconds_total"] > 0
    assert "seatkeeper_backup_age_seconds" not in found, "none was made"


def make_run(status: str, *, ended: bool = True) -> Run:
    task, now = Task.objects.get(key="roster"), system_clock()
    organization = task.connection.organization
    return Run.objects.create(
        organization=organization, task=task, status=status, started=now, ended=now if ended else None, rows=10
    )


def test_a_sum_never_falls_and_counts_each_run_once(tenant: Tenant) -> None:
    key = "seatkeeper_rows_total[roster]"
    before = figures()[key]
    under_way = make_run("running", ended=False)
    make_run("failed")
    assert [figures()[key] for _ in range(2)] == [before + 10] * 2, "what ended after one that is under way counts"
    Run.objects.filter(pk=under_way.pk).update(status="complete", ended=system_clock())
    assert [figures()[key] for _ in range(2)] == [before + 20] * 2
    Run.objects.filter(task__key="roster").delete()
    assert figures()[key] == before + 20
    make_run("complete")
    assert figures()[key] == before + 30
    assert figures()["seatkeeper_runs_total[failed][roster]"] == 1


def test_what_waits_is_told_with_how_long_it_has(tenant: Tenant) -> None:
    now = system_clock()
    Task.objects.update(due=None)
    Task.objects.filter(key="roster").update(due=now - hours(2))
    Task.objects.filter(key="access").update(due=now - hours(5), paused=True)
    Application.objects.update(refresh_wanted_since=now - seconds(90))
    audit.record(operator(), "backup.made", "monday.zip")
    found = figures()
    assert found["seatkeeper_queue"] == found["seatkeeper_refreshes_waiting"] == 1
    assert found["seatkeeper_queue_age_seconds"] == pytest.approx(7200, abs=60)
    assert found["seatkeeper_refresh_age_seconds"] == pytest.approx(90, abs=60)
    assert found["seatkeeper_backup_age_seconds"] < 60


def test_tenants_are_told_apart_only_where_that_is_wanted(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    number = Connection.objects.get().pk
    assert f"seatkeeper_rows_total[{number}][roster]" not in figures()
    operation = SEATKEEPER.operation._replace(metrics_by_tenant=True)
    monkeypatch.setattr(metrics, "SEATKEEPER", SEATKEEPER._replace(operation=operation))
    metrics._ledgers.clear()
    found = figures()
    assert f"seatkeeper_rows_total[{number}][roster]" in found
    assert f"seatkeeper_last_success_age_seconds[{number}][roster]" in found


def test_a_member_sees_the_figures_of_the_own_organization_and_none_of_the_machine(tenant: Tenant) -> None:
    found = figures(tenant.who)
    assert "seatkeeper_rows_total[roster]" in found
    assert not [name for name in found if name.startswith("process_") or "_disk_" in name or "_http_" in name]


def test_the_number_of_queries_and_lines_does_not_grow_with_tenants(tenant: Tenant) -> None:
    """Of 500 tenants with 60,000 runs a question takes 17 ms of CPU, the first one 90 (docs/operating.md)."""

    def cost() -> tuple[int, int]:
        metrics.text()
        with CaptureQueriesContext(connection) as asked:
            text = metrics.text(tenant.who)
        return len(asked), text.count(b"\n")

    cost()
    before = cost()
    first = Application.objects.get()
    for number in range(12):
        there = Connection.objects.create(
            organization=first.organization,
            vendor="microsoft",
            tenant_id=f"t{number}.example",
            client_id="c",
            created=1,
        )
        Application.objects.create(
            organization=first.organization, connection=there, product=first.product, name=f"A{number}", created=1
        )
        for key in ("roster", "access"):
            task = Task.objects.create(connection=there, key=key, due=system_clock() - days(1))
            Run.objects.create(organization=first.organization, task=task, status="complete", started=1, ended=2)
    assert cost() == before
