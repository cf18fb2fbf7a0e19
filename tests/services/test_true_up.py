"""The highest and the last number of assigned seats in a span, with the days on which they were read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from seatkeeper.errors import BadInput, NotFound
from seatkeeper.services.true_up import LONGEST, TrueUp, true_up
from seatkeeper.store.models import Connection, Subscription, Task
from tests.people import NOW, Tenant, open_tenant, rows

pytestmark = pytest.mark.usefixtures("database")

FIRST = date.fromisoformat(NOW[:10])
PART = "PROJECTPROFESSIONAL"


def told(tenant: Tenant, first: date, last: date) -> TrueUp:
    return true_up(tenant.who, Connection.objects.get().pk, first, last)


def test_the_highest_and_the_last_of_the_days_that_were_read() -> None:
    with open_tenant() as tenant:
        for consumed in (5, 9, 9, 7):
            assert [result.exit_code for result in tenant.sync("licenses")] == [0]
            _count_then(consumed)
            tenant.move(days=2)
        found = told(tenant, FIRST, FIRST + timedelta(days=9))
        assert (found.days_read, found.days) == (4, 10)
        assert found.words == "Licences were read on 4 of 10 days."
        (row,) = [row for row in rows(found.table) if row["SKU"] == PART]
        assert (row["Highest Assigned"], row["Highest On"]) == (9, (FIRST + timedelta(days=2)).isoformat())
        assert (row["Last Assigned"], row["Last On"]) == (7, (FIRST + timedelta(days=6)).isoformat())
        (row,) = [row for row in rows(told(tenant, FIRST, FIRST + timedelta(days=1)).table) if row["SKU"] == PART]
        assert (row["Highest Assigned"], row["Last Assigned"], row["Days Read"], row["Days"]) == (5, 5, 1, 2)


def _count_then(consumed: int) -> None:
    """Let the newest generation say that so many were assigned, in a version of its own."""
    generation = Task.objects.get(key="licenses").generation
    row = Subscription.objects.filter(part_number=PART).latest("since")
    if row.since < generation:
        Subscription.objects.filter(pk=row.pk).update(until=generation)
        row.pk = None
    row.since, row.until, row.consumed = generation, 2147483647, consumed
    row.save()


def test_a_span_in_which_nothing_was_read_says_so() -> None:
    with open_tenant() as tenant:
        tenant.sync("licenses")
        found = told(tenant, FIRST - timedelta(days=9), FIRST - timedelta(days=1))
        assert (list(found.table.rows), found.days_read, found.days) == ([], 0, 9)


def test_only_seats_of_what_is_managed_are_told_and_a_wrong_span_is_refused() -> None:
    with open_tenant(everything=True) as tenant:
        tenant.sync("licenses")
        assert all("PROJECT" in row["SKU"] for row in rows(told(tenant, FIRST, FIRST).table))
        with pytest.raises(BadInput, match="earlier day first"):
            told(tenant, FIRST, FIRST - timedelta(days=1))
        with pytest.raises(BadInput, match="shorter span"):
            told(tenant, FIRST, FIRST + timedelta(days=LONGEST))
        with pytest.raises(NotFound):
            true_up(tenant.who, Connection.objects.get().pk + 1, FIRST, FIRST)
