"""Findings, for tests of what people do about them; the tenant that has them is in conftest.py."""

from __future__ import annotations

from seatkeeper.reporting import refresh
from seatkeeper.services import findings
from seatkeeper.services.applications import find_application
from seatkeeper.services.members import operator
from seatkeeper.store.models import Finding
from tests.people import NAME, Tenant


def refresh_now(tenant: Tenant) -> None:
    refresh.refresh_application(find_application(tenant.who, NAME), tenant.clock)


def a_finding(key: str = "blocked") -> Finding:
    found = Finding.objects.filter(key=key, resolved=None).order_by("user_id").first()
    assert found is not None
    return found


def states(finding: Finding) -> list[str]:
    return [event.state for event in findings.list_events(operator(), finding.pk)]
