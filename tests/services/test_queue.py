"""What an operator sees of the queue."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.errors import NotAllowed, NotFound
from seatkeeper.services import tasks
from seatkeeper.services.listings import queue
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.store import leases
from seatkeeper.store.models import Application, Connection, Organization, Task
from tests.jobs.conftest import application, roster  # noqa: F401 - a fixture

pytestmark = pytest.mark.both_engines


def seen(who: Who | None = None) -> list[tuple[str, str, bool]]:
    return [(row.title, row.state, bool(row.worker)) for row in queue.rows(who or operator())]  # type: ignore[attr-defined]


def test_each_task_is_shown_with_its_state_and_who_is_at_it(application: Application) -> None:  # noqa: F811
    title = "Application Roster"
    assert seen() == []
    Task.objects.update(due=system_clock() - 1)
    assert seen() == [(title, "waiting", False)]
    Connection.objects.update(out_of_reach_until=system_clock() + seconds(60))
    assert seen() == [(title, "out of reach", False)]
    assert leases.claim(roster().pk, leases.this_process()) is not None
    assert seen() == [(title, "running", True)]
    Task.objects.filter(key="roster").update(lease_owner="web-2:boot:ns:41:77", lease_until=leases.now() - 1)
    assert seen() == [(title, "worker silent", True)]
    assert roster().worker == "web-2, process 41"
    Task.objects.update(lease_owner="", lease_until=None, due=system_clock() + days(1))
    assert seen() == []


def test_another_organization_sees_and_cancels_nothing_of_it(application: Application) -> None:  # noqa: F811
    Task.objects.update(due=system_clock() - 1)
    ours = operator()
    other = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER], 2)
    assert seen(other) == []
    with pytest.raises(NotFound):
        tasks.cancel(other, roster().pk)
    with pytest.raises(NotAllowed):
        tasks.cancel(Who(ours.organization_id, "viewer", ROLES[Role.VIEWER]), roster().pk)
    assert len(seen(ours)) == 1
