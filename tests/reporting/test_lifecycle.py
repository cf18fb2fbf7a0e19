"""The life of a finding: it ends when a reading shows that it is over, and waits while nothing can be said."""

from __future__ import annotations

import pytest

from seatkeeper.connectors.microsoft.connector import TASKS
from seatkeeper.model import to_key
from seatkeeper.reporting import refresh
from seatkeeper.services import applications, findings
from seatkeeper.services.applications import Edit, find_application
from seatkeeper.services.listings import findings as listed
from seatkeeper.store.models import Account, DailySummary, Finding, FindingEvent, Saving, Seat, SeatHolder, Task
from tests.people import NAME, Tenant, open_tenant, read_tenant

EVERY_TASK = tuple(task.key for task in TASKS)
USUAL = tuple(task.key for task in TASKS if not task.optional)

pytestmark = pytest.mark.usefixtures("database")


def accept(tenant: Tenant, key: str) -> Finding:
    finding = Finding.objects.filter(key=key, state="open").order_by("pk")[0]
    return findings.accept(tenant.who, finding.pk, clock=tenant.clock)


def state(finding: Finding) -> tuple[str, str]:
    """The state, and what the last step of its life says."""
    finding.refresh_from_db()
    return finding.state, FindingEvent.objects.filter(finding=finding).latest("pk").note


def edit_and_read(tenant: Tenant, edit: Edit) -> None:
    applications.edit_application(tenant.who, NAME, edit)
    tenant.move(hours=1)
    tenant.sync()


def test_a_finding_waits_while_the_task_that_shows_it_is_not_ticked() -> None:
    with open_tenant(people=120, seed=3, churn=0.0, sign_ins=30, threshold_days=35, tasks=EVERY_TASK) as tenant:
        tenant.move(days=20)
        tenant.sync()
        finding = accept(tenant, "unused")  # the account got in nowhere; our sign-ins reach back only 30 days
        edit_and_read(tenant, Edit(tasks=USUAL))
        assert state(finding) == ("unproven", "the sign-ins that are known do not reach far enough")
        assert finding.resolved is None
        assert DailySummary.objects.latest("pk").findings == Finding.objects.filter(state="open").count()
        assert "unused" not in listed.count_open(tenant.who, finding.application_id)
        edit_and_read(tenant, Edit(tasks=EVERY_TASK))
        assert state(finding)[0] == "accepted"
        assert Finding.objects.filter(key="unused", subject=finding.subject).count() == 1
        steps = FindingEvent.objects.filter(finding=finding).order_by("pk").values_list("state", flat=True)
        assert list(steps) == ["open", "accepted", "unproven", "accepted"]


def test_a_longer_threshold_and_back_leaves_what_was_decided() -> None:
    with read_tenant(people=120, seed=3, churn=0.0, sign_ins=30, threshold_days=15) as tenant:
        finding = accept(tenant, "unused")
        edit_and_read(tenant, Edit(threshold_days=29))
        assert state(finding) == ("unproven", "the threshold is longer than when this was found")
        edit_and_read(tenant, Edit(threshold_days=15))
        assert state(finding)[0] == "accepted"


def test_what_is_not_used_is_resolved_by_a_use_that_was_not_known_before() -> None:
    with open_tenant(people=120, seed=3, churn=0.0, sign_ins=30, threshold_days=15) as tenant:
        for _ in range(4):
            tenant.sync()
            tenant.move(days=10)
        ended = FindingEvent.objects.filter(state="resolved", note="used again").values_list("finding", flat=True)
        assert ended
        for finding in Finding.objects.filter(pk__in=ended):
            holder = SeatHolder.objects.get(object_id=finding.object_id)
            newest = max(filter(None, (holder.last_login, holder.last_possible)))
            assert newest > (finding.last_use or 0)


def test_a_seat_that_is_given_back_while_its_finding_waits_is_saved() -> None:
    with read_tenant(people=120) as tenant:
        finding = accept(tenant, "never-seen")
        Finding.objects.filter(pk=finding.pk).update(state="unproven", returns_to="accepted")
        task = Task.objects.get(key="roster")
        Seat.objects.filter(account=to_key(finding.object_id)).update(until=task.generation + 1)
        Account.objects.filter(key=to_key(finding.object_id)).update(licensing=None)  # given back, not only suspended
        Task.objects.filter(pk=task.pk).update(generation=task.generation + 1)
        refresh.refresh_application(find_application(tenant.who, NAME), tenant.clock)
        assert state(finding) == ("resolved", "seat gone")
        assert Saving.objects.get().object_id == finding.object_id
