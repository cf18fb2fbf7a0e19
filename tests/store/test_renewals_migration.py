"""What was decided on a renewal before findings were known by their subscriptions stays with it."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest

from seatkeeper.clock import days
from seatkeeper.store import migrate
from seatkeeper.store.models import Finding
from tests.upgrade.old import make_row

pytestmark = pytest.mark.deep

BEFORE: Final = ("store", "0030_known_until")
FIRST: Final = days(20_700)  # 2026-09-04


def fill(old: Any) -> None:
    make = partial(make_row, old)
    organization = make("Organization", name="Old", created=0)
    link = make("Connection", organization=organization, tenant_id="t")
    application = make("Application", organization=organization, connection=link, name="Project", product="p")
    for name, when in (("later", FIRST + days(9)), ("sooner", FIRST), ("never", None)):
        make("Renewal", connection=link, subscription=name, sku=b"k", part_number="P3", next_lifecycle=when, total=5)
    found = partial(make, "Finding", application=application, key="renewal", first_seen=1, last_seen=1, resolved=None)
    # What was the second one has become the first: the day in its words says which it is.
    found(subject="P3", advice="… renews or ends on 2026-09-13 with 5 seats …", state="accepted")
    found(subject="P3 #2", advice="… renews or ends on 2026-09-04 with 5 seats …", state="open")
    found(subject="P1", advice="… renews or ends on 2026-09-04 …", state="open")
    found(subject="P3", advice="… on 2025-09-04 …", state="resolved", resolved=1)


def test_a_living_finding_about_a_renewal_gets_its_subscription_by_the_day_that_it_names(old: Any) -> None:
    fill(old)
    migrate()
    now = {(row.subject, row.state) for row in Finding.objects.all()}
    assert now == {("P3 later", "accepted"), ("P3 sooner", "open"), ("P1", "open"), ("P3", "resolved")}
