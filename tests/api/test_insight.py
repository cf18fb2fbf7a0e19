"""What if, history, bundles, money and plans over REST say the same as the services behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.services import bundles, history, prices
from seatkeeper.services.members import Role
from seatkeeper.services.prices import NewPrice
from tests.people import NAME, read_tenant

from .conftest import Calls

PLAN_1 = "beb6439c-caad-48d3-bf46-0c82871e12be"
DAY = "2026-08-01"


@pytest.mark.usefixtures("empty_store")
def test_a_price_names_its_sku_by_part_number_or_by_id(calls: Calls) -> None:
    caller = calls(Role.LICENSES)
    for name in ("PROJECTPROFESSIONAL", PLAN_1.upper()):
        caller.call("POST", "/prices", {"part_number": name, "amount": "10", "currency": "EUR"})
    told = {row["sku"]: row["part_number"] for row in caller.get("/prices")[1]}
    assert told == {"PROJECTPROFESSIONAL": "PROJECTPROFESSIONAL", PLAN_1: "PROJECT_P1"}


@pytest.mark.usefixtures("empty_store")
def test_everything_about_one_tenant(calls: Calls, tmp_path: Path) -> None:
    caller = calls(Role.LICENSES)
    with read_tenant(people=80, threshold_days=10) as tenant:
        prices.set_price(tenant.who, NewPrice("PROJECTPROFESSIONAL", "28.10", "EUR"))
        one = f"/applications/{caller.get('/applications')[1]['rows'][0]['id']}"

        status, found = caller.get(f"{one}/what-if?threshold_days=3")
        assert (status, found["then"]["threshold_days"], found["today"]["threshold_days"]) == (200, 3, 10)
        assert found["then"]["idle_a_month"][0]["currency"] == "EUR"
        assert caller.get(f"{one}/what-if?threshold_days=3&department=Nowhere")[1]["field"] == "department"
        assert caller.get(f"{one}/what-if?threshold_days=400")[1]["cannot_be_said_before"] > DAY

        table = history.roster_on(tenant.who, NAME, history.to_day(DAY))
        rows = caller.get(f"{one}/history/roster?day={DAY}")[1]
        assert [list(row.values()) for row in rows] == [list(row) for row in table.written()]
        assert caller.get(f"{one}/history/compare?before={DAY}&after={DAY}")[1]["changes"] == []
        assert caller.get(f"{one}/history/position?day={DAY}")[1]
        assert caller.get(f"{one}/history/roster?day=2020-01-01")[1]["field"] == "day"

        (tmp_path / "bundle.zip").write_bytes(caller.get(f"{one}/bundle")[1])
        assert bundles.verify(tmp_path / "bundle.zip").faults == []

        assert caller.get("/savings") == (200, [])
        shares = caller.get("/costs?by=location")[1]
        assert sum(share["people"] for share in shares) == len(tenant.roster())

        status, plan = caller.call("POST", f"{one}/plans", {"name": "May", "skus": ["PROJECTPROFESSIONAL"]})
        assert (status, plan["state"]) == (201, "draft")
        at = f"/plans/{plan['id']}"
        items = caller.get(at)[1]["items"]
        assert len(items) == plan["proposed"] > 1
        kept = caller.call("POST", f"{at}/review", {"keep": [item["id"] for item in items[1:]]})[1]
        assert kept["proposed"] == len(items) - 1
        assert caller.call("POST", f"{at}/script", {"kind": "az"})[0] == 422  # not approved yet
        assert caller.call("POST", f"{at}/approve")[1]["state"] == "approved"
        assert "#!/bin/sh" in caller.call("POST", f"{at}/script", {"kind": "az"})[1]["text"]
        said = caller.call("POST", f"{at}/items/{items[1]['id']}/answer", {"answer": "needed"})
        assert (said[0], said[1]["state"]) == (200, "kept")
        assert caller.call("POST", f"{at}/close")[1]["state"] == "closed"
        assert [each["id"] for each in caller.get(f"{one}/plans")[1]] == [plan["id"]]


def test_an_imported_list_of_employees_says_how_many_rows_it_left_out(calls: Calls) -> None:
    """The right rows are taken: one wrong address keeps nobody else off the list."""
    file = b"Email,Status\nada@x.example,active\nnobody,active\nbo@x.example,left\n"
    assert calls().upload("/employees", file) == (200, {"employees": 2, "left_out": 1})
