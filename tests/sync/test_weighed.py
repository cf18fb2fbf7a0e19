"""A task that may cost much looks first: where a day takes too long to read, it reads nothing and unticks itself."""

from __future__ import annotations

import pytest

from seatkeeper.clock import seconds
from seatkeeper.connectors import feasibility
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.graph import refusals, sign_ins_beta
from seatkeeper.services.runs import TaskResult
from seatkeeper.store.models import Run, Task
from seatkeeper.sync.coverage import read_ledger
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

SILENT = "non-interactive-access"
DAY = feasibility.DAY
DEFAULT = ()  # tasks as whoever chooses none gets them


def runs_of(results: list[TaskResult]) -> dict[str, Run]:
    return {result.kind.key: result.run for result in results if result.run is not None}


def is_ticked() -> bool:
    return Task.objects.get(key=SILENT).enabled


def has_proof(tenant: Tenant) -> bool:
    return bool(read_ledger(Task.objects.get(key=SILENT).connection_id, "non-interactive").readings)


def test_who_chooses_no_task_gets_sign_ins_of_both_kinds() -> None:
    with open_tenant(tasks=DEFAULT) as tenant:
        results = tenant.sync()
        assert [(result.kind.key, result.exit_code) for result in results] == [
            ("licenses", 0),
            ("roster", 0),
            ("access", 0),
            (SILENT, 0),
        ]
        assert runs_of(results)[SILENT].kept > 50
        assert is_ticked()
        assert has_proof(tenant)


def test_where_a_day_takes_too_long_nothing_is_read_until_somebody_ticks_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feasibility, "AFFORDABLE", seconds(1))
    with open_tenant(tasks=DEFAULT) as tenant:
        run = runs_of(tenant.sync())[SILENT]
        assert (run.status, run.kept) == (RunStatus.COMPLETE, 0)
        assert run.message.startswith("Nothing was read, and the task is unticked: about ")
        assert "a daily one with its overlap" in run.message
        assert run.message.endswith("Tick it to read all the same.")
        assert not is_ticked()
        assert not has_proof(tenant)
        assert SILENT not in runs_of(tenant.sync())
        Task.objects.filter(key=SILENT).update(enabled=True)
        assert runs_of(tenant.sync())[SILENT].kept > 50
        assert is_ticked()
        assert has_proof(tenant)


def test_what_is_dear_is_more_than_an_hour_a_day() -> None:
    log = feasibility.SignInLog("Vendor", 30 * DAY, 7 * DAY, DAY, requests=5, window=seconds(10), page=1000)
    an_hour = 3600 // 10 * 5 * 1000 // 2  # a day's, because a daily run reads the day before once more
    assert not log.is_dear(feasibility.Rate(an_hour, DAY), DAY)
    assert log.is_dear(feasibility.Rate(an_hour + 1000, DAY), DAY)


def test_where_the_cloud_has_no_such_log_the_rest_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant(tasks=DEFAULT) as tenant:

        def no_such_log(*_: object) -> None:
            raise refusals.no_segment("signIns")

        monkeypatch.setattr(sign_ins_beta, "_split", no_such_log)
        results = tenant.sync()
        assert {result.exit_code for result in results} == {0}
        assert "this cloud does not offer it" in runs_of(results)[SILENT].message
        assert not is_ticked()
