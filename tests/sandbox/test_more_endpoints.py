"""The endpoints beside users and sign-ins: licences, subscriptions, deleted accounts, audits, the report, beta."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from urllib.parse import quote

import pytest

from .client import Client, example
from .conftest import Make

pytestmark = pytest.mark.deep


def test_license_details_are_the_skus_of_one_account(shared: Client) -> None:
    for user in shared.ask("/users?$select=id,userPrincipalName,assignedLicenses&$top=40").json()["value"]:
        for key in (user["id"], user["userPrincipalName"]):
            answer = shared.ask(f"/users/{quote(key)}/licenseDetails")
            assert answer.headers["x-ms-resource-unit"] == "2"
            rows = answer.json()["value"]
            assert [row["skuId"] for row in rows] == [held["skuId"] for held in user["assignedLicenses"]]
            assert all(list(row) == ["id", "skuId", "skuPartNumber", "servicePlans"] for row in rows)
            disabled = {plan for held in user["assignedLicenses"] for plan in held["disabledPlans"]}
            shown = {
                plan["servicePlanId"]
                for row in rows
                for plan in row["servicePlans"]
                if plan["provisioningStatus"] == "Disabled"
            }
            assert shown == disabled
    assert shared.ask("/users/nobody/licenseDetails").status_code == 404


def test_subscriptions_tell_when_what_was_bought_is_renewed(make: Make) -> None:
    client = make()
    bought = {row["skuId"]: row for row in client.ask("/subscribedSkus").json()["value"]}
    rows = client.rows("/directory/subscriptions")
    assert {row["skuId"] for row in rows} == set(bought)
    for row in rows:
        assert row["totalLicenses"] == bought[row["skuId"]]["prepaidUnits"]["enabled"]
        assert [row["id"]] == bought[row["skuId"]]["subscriptionIds"]
        assert row["nextLifecycleDateTime"] > "2026-08-01"
        assert row["status"] == "Enabled"
    name = rows[0]["skuPartNumber"]
    found = client.rows(f"/directory/subscriptions?$filter=skuPartNumber eq '{name}'&$select=skuPartNumber")
    assert found == [{"skuPartNumber": name}]
    client.sandbox.tenant.move(days=500)
    client.renew()
    assert all(row["nextLifecycleDateTime"] > "2027-12-14" for row in client.rows("/directory/subscriptions"))


def test_deleted_accounts_can_be_listed_for_thirty_days(make: Make) -> None:
    client = make(people=2000, churn=20.0)
    path = "/directory/deletedItems/microsoft.graph.user"
    (ren,) = client.rows(path)
    assert ren["userPrincipalName"] == ren["id"].replace("-", "") + "ren.solli@northwind.example"
    assert ren["deletedDateTime"] == "2026-07-24T12:00:00Z"
    before = {row["id"] for row in client.rows("/users?$select=id&$top=999")}
    client.sandbox.tenant.move(days=10)
    client.renew()
    now = {row["id"] for row in client.rows("/users?$select=id&$top=999")}
    gone = client.rows(f"{path}?$select=id,deletedDateTime,assignedLicenses&$top=3")
    assert before - now <= {row["id"] for row in gone}
    assert not {row["id"] for row in gone} & now
    assert client.ask(f"{path}?$orderby=deletedDateTime").json()["error"]["code"] == "Request_UnsupportedQuery"
    rows = client.rows(f"{path}?$orderby=deletedDateTime desc&$count=true&$top=5", ConsistencyLevel="eventual")
    assert [row["deletedDateTime"] for row in rows] == sorted((row["deletedDateTime"] for row in gone), reverse=True)
    client.sandbox.tenant.move(days=30)
    client.renew()
    assert ren["id"] not in {row["id"] for row in client.rows(path)}


def test_audits_tell_what_delta_tells(make: Make) -> None:
    client = make(people=1000, churn=20.0)
    before = client.rows("/auditLogs/directoryAudits?$top=7")
    assert before, "accounts were hired and got seats before the first day"
    client.sandbox.tenant.move(days=5)
    client.renew()
    rows = client.rows("/auditLogs/directoryAudits")
    dates = [row["activityDateTime"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    fresh = client.rows(f"/auditLogs/directoryAudits?$filter=activityDateTime ge {client.sandbox.tenant.settings.now}")
    assert 50 < len(fresh) < 200
    one = client.ask(f"/auditLogs/directoryAudits/{fresh[0]['id']}").json()
    assert {name: one[name] for name in fresh[0]} == fresh[0]
    who = fresh[0]["targetResources"][0]["id"]
    found = client.rows(f"/auditLogs/directoryAudits?$filter=targetResources/any(t: t/id eq '{who}')")
    assert found == [row for row in rows if row["targetResources"][0]["id"] == who]
    deleted = client.rows("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Delete user'&$select=id")
    assert deleted
    assert all(list(row) == ["id"] for row in deleted)


@pytest.mark.parametrize(
    "query", ["$skip=1", "$filter=result ne 'success'", "$filter=nonsense eq 1", "$orderby=category", "$top=0", "$x=1"]
)
def test_a_bad_query_of_the_audits_is_refused(shared: Client, query: str) -> None:
    assert shared.ask(f"/auditLogs/directoryAudits?{query}").status_code == 400


def _report(client: Client, period: str = "period='D7'") -> list[dict[str, str]]:
    answer = client.ask(f"/reports/getOffice365ActiveUserDetail({period})")
    assert (answer.status_code, answer.content) == (302, b"")
    file = client.http.get(answer.headers["location"])  # without a token: the address is the permission
    assert file.status_code == 200
    assert file.headers["content-type"] == "application/octet-stream"
    return list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))


def test_the_usage_report_is_a_file_behind_a_redirect(make: Make) -> None:
    client = make()
    denied = client.ask("/reports/getOffice365ActiveUserDetail(period='D7')")
    assert (denied.status_code, denied.json()["error"]["message"]) == (403, "Invalid permission.")
    client.sandbox.tenant.permissions |= {"Reports.Read.All", "ReportSettings.Read.All"}
    client.renew()
    users = {row["userPrincipalName"]: row for row in client.rows("/users?$top=999")}
    rows = _report(client)
    assert {row["User Principal Name"] for row in rows if row["Is Deleted"] == "False"} == set(users)
    assert [row["Is Deleted"] for row in rows].count("True") == 1
    assert {row["Report Refresh Date"] for row in rows} == {"2026-07-29"}
    assert set(example("invented_reports_row_concealed")) <= set(rows[0])
    assert client.ask("/admin/reportSettings").json()["displayConcealedNames"] is False
    client.sandbox.tenant.conceal_reports = True
    assert client.ask("/admin/reportSettings").json()["displayConcealedNames"] is True
    concealed = _report(client, "date=2026-07-29")
    assert len(concealed) == len(rows)
    for row in concealed:
        assert re.fullmatch(r"[0-9A-F]{32}", row["User Principal Name"])
        assert re.fullmatch(r"[0-9A-F]{32}", row["Display Name"])
    assert set(users) == {row["userPrincipalName"] for row in client.rows("/users?$top=999")}


def test_the_address_of_a_report_is_short_lived_and_cannot_be_guessed(make: Make) -> None:
    client = make()
    client.sandbox.tenant.permissions |= {"Reports.Read.All"}
    address = client.ask("/reports/getOffice365ActiveUserDetail(period='D180')").headers["location"]
    for changed in (address[:-3] + "AAA", address.partition("?")[0], address + "&x=1"):
        assert client.http.get(changed).status_code == 403
    client.sandbox.tenant.move(seconds=400)
    assert client.http.get(address).status_code == 403
    for bad in ("period='D8'", "", "period=D7", "x" * 5000):
        assert client.ask(f"/reports/getOffice365ActiveUserDetail({bad})").status_code == 400


def _beta(client: Client, query: str) -> list[dict[str, Any]]:
    return client.rows(f"{client.sandbox.graph_url}/beta/auditLogs/signIns?{query}")


SILENT = "signInEventTypes/any(t: t eq 'nonInteractiveUser')"


def test_beta_without_a_filter_shows_interactive_sign_ins_only(shared: Client) -> None:
    plain = shared.rows("/auditLogs/signIns")
    rows = _beta(shared, "$top=300")
    assert [{k: v for k, v in row.items() if k != "signInEventTypes"} for row in rows] == plain
    assert {tuple(row["signInEventTypes"]) for row in rows} == {("interactiveUser",)}


def test_beta_shows_silent_sign_ins_when_asked(shared: Client) -> None:
    rows = _beta(shared, f"$filter={SILENT}")
    assert len(rows) > len(shared.rows("/auditLogs/signIns"))
    assert {tuple(row["signInEventTypes"]) for row in rows} == {("nonInteractiveUser",)}
    assert not any(row["isInteractive"] for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    dates = [row["createdDateTime"][:19] for row in rows]
    assert dates == sorted(dates, reverse=True)
    some = _beta(shared, f"$filter={SILENT} and createdDateTime ge 2026-07-25T00:00:00Z&$orderby=createdDateTime")
    assert [row["id"] for row in some] == [
        row["id"] for row in reversed(rows) if row["createdDateTime"] >= "2026-07-25"
    ]
    both = _beta(shared, "$filter=signInEventTypes/any(t: t eq 'interactiveUser' or t eq 'nonInteractiveUser')&$top=99")
    assert len(both) == len(rows) + len(shared.rows("/auditLogs/signIns"))
    assert len({row["id"] for row in both}) == len(both)
    others = _beta(shared, "$filter=signInEventTypes/any(t: t ne 'interactiveUser')&$select=id")
    assert [row["id"] for row in others] == [row["id"] for row in rows]
    assert _beta(shared, "$filter=signInEventTypes/any(t: t eq 'servicePrincipal')") == []


def test_v1_knows_no_event_types(shared: Client) -> None:
    assert shared.ask(f"/auditLogs/signIns?$filter={SILENT}").json()["error"]["message"] == "Invalid filter clause"
    assert shared.ask("/auditLogs/signIns?$select=signInEventTypes").status_code == 400
    for bad in ("signInEventTypes/any(t: t/x eq 'y')", f"{SILENT} or appId eq 'x'", "signInEventTypes eq 'x'"):
        answer = shared.ask(f"{shared.sandbox.graph_url}/beta/auditLogs/signIns?$filter={bad}")
        assert answer.status_code == 400
    assert shared.ask(f"{shared.sandbox.graph_url}/beta/users").status_code == 400


def test_sign_ins_can_be_narrowed_to_some_properties(shared: Client) -> None:
    page = shared.ask("/auditLogs/signIns?$select=id,userId,createdDateTime&$top=5").json()
    assert [list(row) for row in page["value"]] == [["id", "userId", "createdDateTime"]] * 5
    assert page["@odata.context"].endswith("#auditLogs/signIns(id,userId,createdDateTime)")
