"""Microsoft 365 Copilot in the pretend tenant: only where it is asked for, with a report that is late and by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seatkeeper.sandbox.world.catalog import COPILOT
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth import truth

from .client import NOW, Client
from .conftest import Make

REPORT = "/beta/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')?$format=application/json"


def _tenant(**settings: Any) -> Tenant:
    return Tenant(Settings(**{"people": 17, "now": NOW, "frozen": True, "churn": 0.0, "copilot": True, **settings}))


def _rows(client: Client, more: str = "") -> list[dict[str, Any]]:
    return client.rows(client.sandbox.graph_url + REPORT + more)


@pytest.fixture
def client(make: Make) -> Client:
    found = make(people=300, copilot=True)
    found.sandbox.tenant.permissions.add("Reports.Read.All")
    return found


def test_the_people_with_stories_hold_copilot_and_use_it_as_their_stories_say() -> None:
    told = truth(_tenant())["products"][COPILOT]
    assert {row["first_name"] for row in told["roster"]} == {"Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Lou", "Pat"}
    assert {name for row in told["roster"] for name in row["skus"]} == {"Microsoft_365_Copilot"}
    used = {row["user_id"].partition(".")[0]: list(row["apps"]) for row in told["reported"] if row["last_activity"]}
    assert used["di"] == ["Teams"]
    assert len(used["ada"]) == 5
    assert "ivy" in used  # by what comes with another product: no seat
    assert not used.keys() & {"bo", "cy", "lou", "jo"}


def test_what_is_true_of_the_other_products_does_not_depend_on_copilot() -> None:
    told = []
    for copilot in (False, True):
        tenant = _tenant(people=300, churn=30.0, copilot=copilot)
        tenant.move(days=9)
        found = truth(tenant)
        found["products"].pop(COPILOT, None)
        for name in [name for name in found["seats"] if "Copilot" in name]:
            del found["seats"][name]
        told.append(json.dumps(found, sort_keys=True))
    assert told[0] == told[1]
    assert COPILOT not in truth(_tenant(copilot=False))["products"]


def test_nobody_used_copilot_after_they_signed_in_last_or_after_the_day_of_the_report() -> None:
    tenant = _tenant(people=2000)
    newest: dict[str, int] = {}
    for day in range(tenant.log.first, tenant.seconds // DAY + 1):
        for value in tenant.log.day(day, -1):
            who = value >> 6 & 0xFFFFFF
            if who < tenant.directory.people:
                newest[tenant.directory.original(who).id] = day
    used = [row for row in truth(tenant)["products"][COPILOT]["reported"] if row["last_activity"]]
    assert len(used) > 50
    for row in used:
        seen = tenant.now.fromtimestamp(newest[row["object_id"]] * DAY, tenant.now.tzinfo)
        assert row["last_activity"] <= min(f"{seen:%Y-%m-%d}", "2026-07-29")
        assert all(app <= row["last_activity"] for app in row["apps"].values())


def test_the_report_is_what_is_true_page_by_page_and_late(client: Client) -> None:
    tenant = client.sandbox.tenant
    true = {row["user_id"]: row for row in truth(tenant)["products"][COPILOT]["reported"]}
    rows = _rows(client)
    assert {row["userPrincipalName"]: row["lastActivityDate"] or None for row in rows} == {
        name: row["last_activity"] for name, row in true.items()
    }
    assert {row["reportRefreshDate"] for row in rows} == {"2026-07-29"}  # three days before now
    assert next(row for row in rows if row["userPrincipalName"].startswith("di."))["wordCopilotLastActivityDate"] == ""
    assert _rows(client, "&$top=7") == rows
    tenant.report_lag = 9
    assert {row["reportRefreshDate"] for row in _rows(client)} == {"2026-07-23"}
    tenant.reports_empty = True
    assert _rows(client) == []


def test_names_are_concealed_while_the_setting_is_on(client: Client) -> None:
    client.sandbox.tenant.conceal_reports = True
    assert all(len(row["userPrincipalName"]) == 32 for row in _rows(client))


def test_without_its_permission_or_with_another_question_the_report_is_refused(client: Client) -> None:
    graph = client.sandbox.graph_url
    assert client.ask(f"{graph}{REPORT.replace('D180', 'D8')}").status_code == 400
    assert client.ask(f"{graph}{REPORT.partition('?')[0]}").status_code == 400
    assert client.ask(f"{graph}{REPORT.replace('/beta', '/v1.0')}").status_code == 400
    client.sandbox.tenant.permissions.discard("Reports.Read.All")
    client.renew()
    refused = client.ask(f"{graph}{REPORT}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "S2SUnauthorized")
