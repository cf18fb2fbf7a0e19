"""What somebody should know: found by few questions, however many tenants there are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from seatkeeper.clock import days, hours, seconds
from seatkeeper.model import Instant, to_instant
from seatkeeper.notices import dispatch, runs
from seatkeeper.notices.conditions import list_conditions
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.models import Application, Connection, Coverage, Notice, Organization, Run, Task
from tests.people import NOW, read_tenant

pytestmark = pytest.mark.usefixtures("database")

START = to_instant(NOW)


def test_a_disk_that_is_almost_full_is_told_before_it_is_and_when_there_is_room_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Organization.objects.create(name="Default", created=START)
    Organization.objects.create(name="A customer", created=START)
    room = SimpleNamespace(free=SEATKEEPER.operation.disk_warning - 1, total=2**40)
    monkeypatch.setattr("shutil.disk_usage", lambda _: room)
    for minute in range(2):
        dispatch.look_and_send(lambda minute=minute: START + seconds(60 * minute))  # type: ignore[misc]
    told = Notice.objects.get(kind="disk")
    assert (told.organization.name, told.closed) == ("Default", None), "once, to whom the machine belongs"
    assert "SEATKEEPER_DISK_WARNING" in told.body
    room.free = SEATKEEPER.operation.disk_warning
    dispatch.look_and_send(lambda: START + seconds(120))
    assert Notice.objects.get(kind="disk").closed == START + seconds(120)


def test_a_look_asks_as_little_of_many_tenants_as_of_one() -> None:
    """Of 500 applications with 60,000 runs it takes 0.05 to 0.08 s of CPU (docs/operating.md)."""
    with read_tenant() as tenant:
        first, organization_id = Application.objects.get(), tenant.who.organization_id

        def cost() -> int:
            list_conditions(organization_id, START)
            with CaptureQueriesContext(connection) as asked:
                list_conditions(organization_id, START)
            return len(asked)

        before = cost()
        for number in range(8):
            there = Connection.objects.create(
                organization_id=organization_id, vendor="microsoft", tenant_id=f"t{number}.example",
                client_id=f"c{number}", created=START, credential_expires=START + days(3),
            )  # fmt: skip
            Application.objects.create(
                organization_id=organization_id, connection=there, product=first.product, name=f"A{number}", created=1
            )
            for key in ("roster", "access"):
                task = Task.objects.create(connection=there, key=key)
                Run.objects.create(organization_id=organization_id, task=task, status="failed", started=START)
        found = [condition.kind for condition in list_conditions(organization_id, START)]
        assert (found.count("run-failed"), found.count("secret-expires")) == (16, 8)
        assert cost() == before


def test_lost_sign_ins_are_looked_for_again_when_something_was_read_or_an_hour_has_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with read_tenant() as tenant:
        looked: list[Instant] = []
        runs._gaps.clear()
        monkeypatch.setattr(runs, "_find_gap", lambda _application, now: looked.append(now))
        hour = START - START % hours(1)

        def look_for_gaps(now: Instant) -> int:
            looked.clear()
            list(runs.find_lost_sign_ins(tenant.who.organization_id, now))
            return len(looked)

        assert [look_for_gaps(hour), look_for_gaps(hour + seconds(60))] == [1, 0]
        assert look_for_gaps(hour + hours(1)) == 1
        Coverage.objects.order_by("pk")[0].delete()
        assert [look_for_gaps(hour + hours(1)), look_for_gaps(hour + hours(1))] == [1, 0]
