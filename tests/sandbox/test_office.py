"""Office 365 in the pretend tenant: who holds a suite, and two reports of its use that are late and by name."""

from __future__ import annotations

from typing import Any

import pytest

from seatkeeper.sandbox.world.catalog import OFFICE
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.sign_ins import SUCCESS, end_of, who_of
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth import truth

from .client import NOW, Client
from .conftest import Make

ACTIVE = "/beta/reports/getOffice365ActiveUserDetail(period='D180')?$format=application/json"
APPS = "/beta/reports/getM365AppUserDetail(period='D180')?$format=application/json"
WORKLOADS = {
    "exchange": "Exchange",
    "oneDrive": "OneDrive",
    "sharePoint": "SharePoint",
    "skypeForBusiness": "Skype for Business",
    "yammer": "Viva Engage",
    "teams": "Teams",
}


def _tenant(**settings: Any) -> Tenant:
    return Tenant(Settings(**{"people": 17, "now": NOW, "frozen": True, "churn": 0.0, **settings}))


def _rows(client: Client, report: str, more: str = "") -> list[dict[str, Any]]:
    return client.rows(client.sandbox.graph_url + report + more)


def _days(row: dict[str, Any]) -> dict[str, str]:
    return {
        title: row[f"{name}LastActivityDate"] for name, title in WORKLOADS.items() if row[f"{name}LastActivityDate"]
    }


@pytest.fixture
def client(make: Make) -> Client:
    found = make(people=300)
    found.sandbox.tenant.permissions.add("Reports.Read.All")
    found.renew()
    return found


def test_whoever_holds_a_suite_holds_office_and_uses_it_as_the_stories_say() -> None:
    told = truth(_tenant())["products"][OFFICE]
    assert {row["first_name"]: row["skus"] for row in told["roster"]} == {
        "Hal": ["SPE_E5"],
        "Kim": ["SPE_E3"],
        "Selma": ["SPE_E5"],
    }
    used = {row["user_id"].partition(".")[0]: row for row in told["reported"]}
    assert list(used["hal"]["used"]) == ["Microsoft 365 Apps", "Exchange", "Teams", "SharePoint", "OneDrive"]
    assert used["hal"]["platforms"] == ["windows"]
    assert used["kim"]["last_activity"] == used["kim"]["used"]["Exchange"] > used["kim"]["used"]["Microsoft 365 Apps"]


def test_nobody_used_anything_on_a_day_without_a_successful_sign_in_or_after_the_day_of_the_reports() -> None:
    tenant = _tenant(people=2000)
    came: set[tuple[str, str]] = set()
    for day in range(tenant.log.first, tenant.seconds // DAY + 1):
        date = f"{tenant.now.fromtimestamp(day * DAY, tenant.now.tzinfo):%Y-%m-%d}"
        for value in tenant.log.day(day, -1):
            if who_of(value) < tenant.directory.people and end_of(value) == SUCCESS:
                came.add((tenant.directory.original(who_of(value)).id, date))
    reported = [row for row in truth(tenant)["products"][OFFICE]["reported"] if row["last_activity"]]
    assert len(reported) > 500
    assert any(len(set(row["used"].values())) > 2 for row in reported)
    for row in reported:
        assert row["last_activity"] == max(row["used"].values()) <= "2026-07-29"
        assert {(row["object_id"], date) for date in row["used"].values()} <= came


def test_both_reports_are_what_is_true_page_by_page_and_late(client: Client) -> None:
    tenant = client.sandbox.tenant
    true = {row["user_id"]: row["used"] for row in truth(tenant)["products"][OFFICE]["reported"]}
    active = [row for row in _rows(client, ACTIVE) if not row["isDeleted"]]
    apps = {row["userPrincipalName"]: row["lastActivityDate"] for row in _rows(client, APPS)}
    told = {row["userPrincipalName"]: _days(row) for row in active}
    for name, date in apps.items():
        told[name] |= {"Microsoft 365 Apps": date} if date else {}
    assert told == true
    assert {row["reportRefreshDate"] for row in active} == {"2026-07-29"}  # three days before now
    first = client.ask(client.sandbox.graph_url + APPS).json()
    assert (len(first["value"]), "@odata.nextLink" in first) == (200, True)
    for report in (ACTIVE, APPS):
        assert _rows(client, report, "&$top=7") == _rows(client, report)
        tenant.report_lag = 9
        assert {row["reportRefreshDate"] for row in _rows(client, report)} == {"2026-07-23"}
        tenant.report_lag = 3
    tenant.reports_empty = True
    assert _rows(client, ACTIVE) == _rows(client, APPS) == []


def test_the_file_of_v1_tells_the_same_days(client: Client) -> None:
    address = client.ask("/reports/getOffice365ActiveUserDetail(period='D180')").headers["location"]
    head, *lines = client.http.get(address).text.splitlines()
    place = head.split(",").index("Exchange Last Activity Date")
    hal = next(line.split(",") for line in lines if "hal." in line)
    row = next(row for row in _rows(client, ACTIVE) if row["userPrincipalName"].startswith("hal."))
    assert hal[place] == row["exchangeLastActivityDate"] != ""


def test_an_account_is_listed_under_the_name_of_the_reports_day_and_marked_when_it_is_gone(make: Make) -> None:
    client = make(people=300, churn=60.0)
    client.sandbox.tenant.permissions.add("Reports.Read.All")
    client.renew()
    tenant = client.sandbox.tenant
    tenant.move(days=12)
    now = {person.upn for person in tenant.directory.everybody(tenant.seconds)}
    rows = _rows(client, ACTIVE)
    gone = {row["userPrincipalName"] for row in rows if row["isDeleted"]}
    renamed = {row["userPrincipalName"] for row in rows if not row["isDeleted"]} - now
    assert gone
    assert renamed
    assert all(row["deletedDate"] <= row["reportRefreshDate"] for row in rows if row["isDeleted"])
    assert not gone & {row["user_id"] for row in truth(tenant)["products"][OFFICE]["roster"]} - now


def test_names_are_concealed_while_the_setting_is_on(client: Client) -> None:
    client.sandbox.tenant.conceal_reports = True
    for report in (ACTIVE, APPS):
        assert all(len(row["userPrincipalName"]) == 32 for row in _rows(client, report))


def test_the_limit_of_one_report_is_none_of_another(client: Client) -> None:
    tenant = client.sandbox.tenant
    tenant.limited = True
    graph = client.sandbox.graph_url
    for report, limit in ((ACTIVE, 100), (ACTIVE.replace("/beta", "/v1.0"), 14)):
        codes = [client.ask(f"{graph}{report}&$top=1").status_code for _ in range(limit + 1)]
        assert codes.index(429) == limit
    assert client.ask(f"{graph}{APPS}&$top=1").status_code == 200
    tenant.move(seconds=601)
    assert client.ask(f"{graph}{ACTIVE}&$top=1").status_code == 200


def test_without_its_permission_or_with_another_question_a_report_is_refused(client: Client) -> None:
    graph = client.sandbox.graph_url
    for report in (ACTIVE, APPS):
        for odd in (report.replace("D180", "D8"), report.replace("D180", "ALL"), report.partition("?")[0]):
            assert client.ask(f"{graph}{odd}").status_code == 400
    client.sandbox.tenant.permissions.discard("Reports.Read.All")
    client.renew()
    for report in (ACTIVE, APPS):
        refused = client.ask(f"{graph}{report}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "S2SUnauthorized")
