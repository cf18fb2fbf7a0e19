"""Each table says whose its rows are, and hands out the rows of one organization."""

from __future__ import annotations

import pytest
from django.apps import apps

from seatkeeper.services.members import Who
from seatkeeper.store.models import Application, Connection, DailySummary, Finding, FindingEvent, Organization
from seatkeeper.store.models.owned import Owned

# What several organizations share: operators, names of client applications, limits on guessing, the vendor's on
# requests, the vendors' lists of SKUs, what comes back for the whole installation, and its backups and keys.
SHARED = {
    "ApplicationSet", "Attempt", "Backup", "Operator", "ProcessKeys", "RecurringJob", "RequestWindow", "SignInApp",
    "SkuList",
}  # fmt: skip

TABLES = list(apps.get_app_config("store").get_models())


def test_every_table_but_the_shared_ones_belongs_to_organizations() -> None:
    assert {table.__name__ for table in TABLES if not issubclass(table, Owned)} == SHARED


@pytest.mark.parametrize("table", [table for table in TABLES if issubclass(table, Owned)])
def test_the_way_to_the_organization_exists_and_leads_to_its_id(table: type[Owned]) -> None:
    sql = str(table.objects.of(Who(4711, "eve")).query)
    assert "4711" in sql
    assert sql.count("JOIN") == max(0, table.owner.count("__"))


@pytest.mark.usefixtures("database")
def test_an_organization_gets_its_own_rows_and_no_others() -> None:
    ours, theirs = (Organization.objects.create(name=name, created=0) for name in ("Ours", "Theirs"))
    findings = {}
    for organization in (ours, theirs):
        connection = Connection.objects.create(
            organization=organization, tenant_id="t", login_url="", graph_url="", created=0
        )
        application = Application.objects.create(
            organization=organization, connection=connection, product="p", name="Project", created=0
        )
        finding = Finding.objects.create(
            application=application, key="unused", subject="s", plan="", advice="", state="open",
            first_seen=0, last_seen=0, words="",
        )  # fmt: skip
        FindingEvent.objects.create(finding=finding, at=0, by="", state="open")
        findings[organization] = finding
    who = Who(ours.pk, "ada")
    assert list(Organization.objects.of(who)) == [ours]
    assert list(Finding.objects.of(who)) == [findings[ours]]
    assert [event.finding for event in FindingEvent.objects.of(who)] == [findings[ours]]
    assert list(Finding.objects.of(findings[theirs].application)) == [findings[theirs]]
    assert not DailySummary.objects.of(who).exists()
