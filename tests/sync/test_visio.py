"""Visio beside Project in one tenant: each application has its own roster, and both are what is true."""

from __future__ import annotations

import pytest

from seatkeeper.sandbox.world.catalog import VISIO
from tests.people import open_tenant, same_time

pytestmark = pytest.mark.usefixtures("database")


def test_two_products_of_one_tenant_each_have_the_roster_that_is_true() -> None:
    with open_tenant(people=400, churn=60.0) as tenant:
        tenant.add(product=VISIO, name="Visio")
        for days in (0, 6):
            tenant.move(days=days)
            truth = tenant.sandbox.truth()
            for name, true in (("Microsoft Project", truth["roster"]), ("Visio", truth["products"][VISIO]["roster"])):
                tenant.name = name
                tenant.sync("roster")
                said = {
                    row["Object ID"]: (row["User ID"], same_time(row["Active Date"]), row["Blocked"], row["Guest"])
                    for row in tenant.roster()
                }
                assert said == {
                    row["object_id"]: (row["user_id"], same_time(row["active_date"]), row["blocked"], row["guest"])
                    for row in true
                }
