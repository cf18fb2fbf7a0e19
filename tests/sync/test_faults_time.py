"""A clock that is wrong and a line that is bad: what we claim to know follows the vendor's time and what was read."""

from __future__ import annotations

import socket
import time
from typing import Any

import httpcore2
import pytest

from seatkeeper.clock import days, system_clock
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import runs
from seatkeeper.services.members import operator
from seatkeeper.store.models import Account, Coverage, Run, SignIn
from tests.people import Quiet, Tenant, compare_with_truth, open_tenant

pytestmark = [pytest.mark.usefixtures("sqlite", "small_pages"), pytest.mark.deep]


@pytest.mark.parametrize("wrong_by", [-20_000, -400, -1, 1, 3650], ids=lambda number: f"{number} days")
@pytest.mark.parametrize("tasks", [(), ("access",)], ids=["all tasks", "access alone"])
def test_a_clock_that_is_wrong_moves_nothing_that_we_claim(
    wrong_by: int, tasks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(settings=Settings(people=60)) as sandbox:  # it lives in the real time, and says so in each answer
        tenant = Tenant(sandbox, operator())
        tenant.add()
        wrong = time.time_ns() + wrong_by * 86_400_000_000_000
        monkeypatch.setattr("seatkeeper.clock.time.time_ns", lambda: wrong)
        results = list(runs.sync(tenant.who, runs.SyncRequest(tenant.name, tasks), Quiet()))
        monkeypatch.undo()
        now = system_clock()
        assert {result.exit_code for result in results} == {0}
        assert SignIn.objects.count() > 100
        for span in Coverage.objects.all():
            assert now - days(30.01) <= span.start < span.end <= now
            assert now - days(0.01) <= span.read_at <= now
        # Whoever was skipped would be found now.
        found = SignIn.objects.count()
        list(runs.sync(tenant.who, runs.SyncRequest(tenant.name, ["access"], full=True), Quiet()))
        assert SignIn.objects.count() - found <= 2


def test_after_three_days_offline_one_run_catches_up() -> None:
    with open_tenant(people=60, seed=4) as tenant:
        tenant.sync()
        before = tenant.roster(), tenant.access()
        tenant.sandbox.tenant.switch_on("connect-refused", "1000")
        for _ in range(3):
            tenant.move(days=1)
            results = tenant.sync()
            assert runs.exit_code(results) == 4
            assert {result.run.status for result in results if result.run} == {RunStatus.FAILED}
        assert [row["Object ID"] for row in tenant.roster()] == [row["Object ID"] for row in before[0]]
        tenant.sandbox.tenant.switch_off()
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        wrong = [line for line in compare_with_truth(tenant) if line.startswith("roster")]
        assert wrong == []
        assert Coverage.objects.latest("end").end >= tenant.clock() - days(1)


def test_a_line_that_loses_a_third_of_everything_costs_tries_and_no_row() -> None:
    with open_tenant(people=60) as tenant:
        for name, value in (("reset", "0.15"), ("cut-body", "length@0.1"), ("error-burst", "503@0.1")):
            tenant.sandbox.tenant.switch_on(name, value)
        for _ in range(20):
            results = tenant.sync()
            assert {result.exit_code for result in results} <= {0, 4}
            if not runs.exit_code(results):
                break
        assert compare_with_truth(tenant) == []
        events = list(SignIn.objects.values_list("event", flat=True))
        assert len(events) == len(set(events))
        assert not Run.objects.filter(status=RunStatus.RUNNING).exists()
        assert Account.objects.count() == 60


def test_an_address_that_swallows_everything_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[str, float]] = []

    def connect(_: object, host: str, port: int, timeout: float, *rest: Any) -> httpcore2.NetworkStream:
        tried.append((host, timeout))
        if host == "192.0.2.1":
            raise httpcore2.ConnectTimeout
        return plainly(httpcore2.SyncBackend(), host, port, timeout, *rest)

    def find(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        true = resolve(host, port, *rest, **options)
        return true if host != "localhost" else [(*true[0][:4], ("192.0.2.1", port)), *resolve("127.0.0.1", port)]

    resolve = socket.getaddrinfo
    plainly = httpcore2.SyncBackend.connect_tcp
    with open_tenant(people=60) as tenant:
        monkeypatch.setattr("seatkeeper.wire.socket.getaddrinfo", find)
        monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
        assert [result.exit_code for result in tenant.sync("licenses")] == [0]
    assert [host for host, _ in tried] == ["192.0.2.1", "127.0.0.1"]
    assert tried[0][1] < 5  # seconds, in which a person still waits
