"""Amounts that were kept as text of a month or a year are brought over as amounts of a year, and none is lost."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest

from seatkeeper.store import migrate
from seatkeeper.store.models import DailySummary, Finding, ReclaimItem, SeatHolder
from tests.upgrade.old import make_row

pytestmark = pytest.mark.deep

BEFORE: Final = ("store", "0020_signals")


def fill(old: Any) -> None:
    make = partial(make_row, old)
    organization = make("Organization", name="Old", created=0)
    link = make("Connection", organization=organization, tenant_id="t", client_id="c", credential_kind="secret")
    application = make("Application", organization=organization, connection=link, name="Project", product="p")
    for number, cost in enumerate(("28.10 EUR", "", "28.10 EUR + 1,055.00 USD")):
        who = {"application": application, "object_id": str(number), "monthly_cost": cost}
        make("SeatHolder", account=str(number).encode(), **who)
        make("Finding", **who | {"key": str(number)})
    plan = make("ReclaimPlan", application=application)
    make("ReclaimItem", plan=plan, object_id="0", monthly_cost="28.10 EUR")
    money = {"annual_cost": "12,000.00 EUR", "idle_cost": "250.50 EUR", "potential": "", "saved": "10.00 EUR"}
    make("DailySummary", application=application, day=1, skus="[]", **money)


def test_no_amount_is_lost_and_each_is_of_a_year(old: Any) -> None:
    fill(old)
    migrate()
    a_year = ["337.20 EUR", "", "337.20 EUR + 12,660.00 USD"]
    assert [row.cost.a_year for row in SeatHolder.objects.order_by("object_id")] == a_year
    assert [row.monthly_cost for row in Finding.objects.order_by("object_id")] == [
        "28.10 EUR", "", "28.10 EUR + 1,055.00 USD",
    ]  # fmt: skip
    assert ReclaimItem.objects.get().monthly_cost == "28.10 EUR"
    summary = DailySummary.objects.get()
    kept = summary.bought_cost.a_year, summary.idle_cost.a_month, summary.could_save.a_month, summary.saved.a_month
    assert kept == ("12,000.00 EUR", "250.50 EUR", "", "10.00 EUR")
