"""What happens to the seats of a plan between its proposal and its approval."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.errors import BadInput
from seatkeeper.services import reclaim
from tests.people import NAME, read_tenant
from tests.spoiled import spoiled

pytestmark = pytest.mark.usefixtures("database")


def test_a_seat_that_was_given_back_before_the_approval_is_none_of_the_plans_doing() -> None:
    with read_tenant(people=60) as tenant:
        plan = reclaim.propose(tenant.who, NAME, "August", clock=tenant.clock)
        gone, *left = reclaim.list_items(tenant.who, plan)
        alone = reclaim.propose(tenant.who, NAME, "One", clock=tenant.clock)
        reclaim.review(tenant.who, alone.pk, [item.pk for item in alone.items.filter(object_id=gone.object_id)])

        def take_back(row: dict[str, Any]) -> None:
            if row["id"] == gone.object_id:
                row |= {"assignedLicenses": [], "assignedPlans": [], "licenseAssignmentStates": []}

        with spoiled(take_back, "/users"):
            tenant.sync("roster", full=True)
            reclaim.approve(tenant.who, plan.pk, tenant.clock)
            with pytest.raises(BadInput, match="gone already"):
                reclaim.approve(tenant.who, alone.pk, tenant.clock)
            tenant.sync("roster", full=True)
        others = [item for item in left if item.object_id != gone.object_id]
        assert reclaim.outcome(tenant.who, plan)[:3] == (len(others), 0, 0)
