"""Another threshold shows other people as idle and other money, and never says more than is proven."""

from __future__ import annotations

import pytest

from seatkeeper.errors import BadInput
from seatkeeper.insights.evidence import Activity
from seatkeeper.services import prices, what_if
from seatkeeper.services.prices import NewPrice
from seatkeeper.services.what_if import Scope
from tests.people import NAME, read_tenant

pytestmark = pytest.mark.usefixtures("database")


def test_a_shorter_threshold_shows_more_idle_seats_and_what_they_cost() -> None:
    with read_tenant(people=120) as tenant:
        before = what_if.what_if(tenant.who, NAME, 3, clock=tenant.clock)
        assert before.then.idle_seats > before.today.idle_seats
        assert not before.then.idle  # nothing is known of prices, so nothing is said
        for part_number in before.missing_prices:
            prices.set_price(tenant.who, NewPrice(part_number, "10", "EUR"), tenant.clock)
        found = what_if.what_if(tenant.who, NAME, 3, clock=tenant.clock)
        assert found.then.idle.a_month == f"{found.then.idle_seats * 10:,}.00 EUR"
        assert found.then.idle.a_year == f"{found.then.idle_seats * 120:,}.00 EUR"
        assert found.missing_prices == []
        assert found.today == what_if.what_if(tenant.who, NAME, 60, clock=tenant.clock).then


def test_a_threshold_longer_than_what_is_proven_says_from_when_on_it_can_be_judged() -> None:
    with read_tenant(people=60) as tenant:
        found = what_if.what_if(tenant.who, NAME, 90, clock=tenant.clock)
        assert found.then.counts[Activity.INACTIVE] == 0
        assert found.cannot_be_said_before is not None
        assert found.cannot_be_said_before > tenant.clock()
        assert what_if.what_if(tenant.who, NAME, 15, clock=tenant.clock).cannot_be_said_before is None


def test_departments_add_up_to_the_whole() -> None:
    with read_tenant(people=120) as tenant:
        whole = what_if.what_if(tenant.who, NAME, 3, clock=tenant.clock)
        parts = [
            what_if.what_if(tenant.who, NAME, 3, Scope(department=name), tenant.clock).then
            for name in whole.departments
        ]
        assert len(parts) > 1
        nowhere = sum(1 for row in tenant.roster() if not row["Department"])
        assert sum(part.counts.total() for part in parts) + nowhere == whole.then.counts.total()


def test_what_nobody_holds_and_no_threshold_is_refused_by_name() -> None:
    with read_tenant(people=60) as tenant:
        for threshold, scope, field in (
            (0, Scope(), "threshold_days"),
            (60, Scope(department="Nowhere"), "department"),
            (60, Scope(part_number="NOTHING"), "part_number"),
        ):
            with pytest.raises(BadInput) as refused:
                what_if.what_if(tenant.who, NAME, threshold, scope, tenant.clock)
            assert refused.value.first.field == field
