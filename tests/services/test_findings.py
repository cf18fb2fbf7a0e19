"""People accept findings and open them again; only a roster resolves them."""

from __future__ import annotations

import pytest

from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import findings
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.store.models import AuditEvent, DailySummary, Finding, Organization
from tests.people import Tenant
from tests.services.found import a_finding, refresh_now, states

pytestmark = pytest.mark.usefixtures("database")


def test_a_finding_is_accepted_and_taken_back_with_each_step_kept(tenant: Tenant) -> None:
    finding = a_finding()
    before = DailySummary.objects.get().findings
    findings.accept(tenant.who, finding.pk, "asked  her manager", tenant.clock)
    assert DailySummary.objects.get().findings == before - 1
    assert Finding.objects.get(pk=finding.pk).state == "accepted"
    with pytest.raises(BadInput, match="it is accepted"):
        findings.accept(tenant.who, finding.pk, clock=tenant.clock)
    findings.reopen(tenant.who, finding.pk, clock=tenant.clock)
    assert DailySummary.objects.get().findings == before
    assert states(finding) == ["open", "accepted", "open"]
    assert [event.note for event in findings.list_events(tenant.who, finding.pk)][1] == "asked her manager"
    assert AuditEvent.objects.filter(action__in=("finding.accepted", "finding.open")).count() == 2


def test_what_was_accepted_stays_accepted_when_the_roster_shows_it_again(tenant: Tenant) -> None:
    finding = a_finding()
    findings.accept(tenant.who, finding.pk, clock=tenant.clock)
    tenant.move(days=1)
    tenant.sync()
    refresh_now(tenant)
    assert Finding.objects.get(pk=finding.pk).state == "accepted"
    rows = [row for row in tenant.findings() if row["User ID"] == finding.user_id and row["Finding"] == finding.key]
    assert [row["State"] for row in rows] == ["accepted"]


def test_another_organization_sees_and_decides_nothing_and_viewers_only_look(tenant: Tenant) -> None:
    finding = a_finding()
    other = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER])
    for call in (lambda: findings.list_events(other, finding.pk), lambda: findings.accept(other, finding.pk)):
        with pytest.raises(NotFound):
            call()
    viewer = tenant.who._replace(may=ROLES[Role.VIEWER])
    assert findings.find_finding(viewer, finding.pk) == finding
    with pytest.raises(NotAllowed, match="Manage SaaS licenses"):
        findings.accept(viewer, finding.pk)
