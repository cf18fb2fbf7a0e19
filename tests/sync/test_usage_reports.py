"""Usage Reports, from the tenant to the store: two reports of one use, by name, and never more than they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seatkeeper.clock import days
from seatkeeper.model import RunStatus, to_instant
from seatkeeper.sandbox.graph import lists
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.store.models import LastUse, Quarantine, SeatHolder, Task, UnlicensedUser
from tests.people import NOW, Tenant

from .office import APPS, Row, day, id_of, kept, opened, rewrite, small_pages, told, true, untils

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


def test_what_is_kept_is_the_newest_of_both_reports_with_all_of_their_parts(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    results = {result.kind.key: result for result in tenant.sync()}
    run = results["usage-reports"].run
    assert run is not None
    assert (run.status, run.pages > 4, run.quarantined, run.message) == (RunStatus.COMPLETE, True, 0, "")
    assert kept() == true(tenant)
    for used in ("Exchange", "Teams", "SharePoint", "OneDrive", "Viva Engage", "Microsoft 365 Apps"):
        assert kept(used) == true(tenant, used)
        assert set(kept(used).items()) - set(kept().items())  # the whole is not this report's alone
    alone = {
        key: row["used"]["Microsoft 365 Apps"] for key, row in told(tenant).items() if row["platforms"] == ["windows"]
    }
    assert kept("Apps on Windows") == {key: day(date) for key, date in alone.items()}
    (until,) = set(LastUse.objects.values_list("until", flat=True))
    assert until == to_instant("2026-07-30T00:00:00Z") - 1  # the reports' last day, not the moment of reading
    tenant.move(days=4)
    assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
    assert kept() == true(tenant)


def test_each_day_is_known_until_the_day_of_the_report_that_told_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(monkeypatch, lambda row: row.update(reportRefreshDate="2026-07-30"), "apps_row")
    tenant.sync()
    hal, kim = (untils(id_of(tenant, name)) for name in ("Hal", "Kim"))
    late, early = (to_instant(f"2026-07-{number}T00:00:00Z") - 1 for number in (31, 30))
    assert (hal["Exchange"], hal["Microsoft 365 Apps"], hal[""]) == (early, late, late)
    assert (kim["Exchange"], kim["Microsoft 365 Apps"], kim[""]) == (early, late, early)


def test_names_are_joined_whatever_their_case_and_those_of_deleted_accounts_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened(people=200, churn=60.0) as tenant:
        tenant.move(days=12)
        directory, seconds = tenant.sandbox.tenant.directory, tenant.sandbox.tenant.seconds
        ada = directory.stories[0]

        def shout(row: Row) -> None:
            row["userPrincipalName"] = ada.upn if row.get("isDeleted") else row["userPrincipalName"].upper()

        rewrite(monkeypatch, shout, "active_row")
        *_, result = tenant.sync()
        there = {person.id for person in directory.everybody(seconds)}
        assert any(person for person, _at in directory.deleted(seconds))
        assert ada.id not in kept()
        assert kept().keys() <= there
        assert result.run is not None
        assert "Left out:" in result.run.message  # renamed since the day of the reports
        assert len(kept()) > 50
        assert not UnlicensedUser.objects.exists()


def test_a_name_that_nobody_has_is_left_out_and_told_once_though_both_reports_have_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(row: Row) -> None:
        if row["userPrincipalName"].startswith("hal."):
            row["userPrincipalName"] = "hal.married@northwind.example"

    rewrite(monkeypatch, rename)
    *_, result = tenant.sync()
    hal = id_of(tenant, "Hal")
    assert result.run is not None
    assert "Left out: 1 user names" in result.run.message
    assert kept() == {key: last for key, last in true(tenant).items() if key != hal}
    assert SeatHolder.objects.get(first_name="Hal").evidence == "not observable yet"


def test_concealed_names_store_nothing_and_what_was_known_stays(tenant: Tenant) -> None:
    tenant.sandbox.tenant.conceal_reports = True
    results = {result.kind.key: result for result in tenant.sync()}
    assert (results["usage-reports"].exit_code, results["roster"].exit_code) == (3, 0)
    assert "Display concealed" in results["usage-reports"].message
    assert not LastUse.objects.exists()
    assert Task.objects.get(key="usage-reports").full_read_at is None
    tenant.sandbox.tenant.conceal_reports = False
    tenant.sync("usage-reports")
    before = kept()
    tenant.sandbox.tenant.conceal_reports = True
    assert [result.exit_code for result in tenant.sync("usage-reports")] == [3]
    assert before
    assert kept() == before


def test_names_that_only_the_second_report_conceals_are_refused_too(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(monkeypatch, lambda row: row.update(userPrincipalName="AB" * 16), "apps_row")
    *_, result = tenant.sync()
    assert result.exit_code == 3
    assert "Display concealed" in result.message
    assert not kept("Microsoft 365 Apps")


def test_an_empty_report_is_told_and_takes_nothing_back(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync()
    before = kept()
    plain = lists.serve

    def without_apps(tenant: Any, request: Request, listing: Any, rows: list[Row]) -> Answer:
        return plain(tenant, request, listing, [] if APPS.lower() in request.path.lower() else rows)

    monkeypatch.setattr(lists, "serve", without_apps)
    (result,) = tenant.sync("usage-reports")
    assert result.run is not None
    assert result.run.message == "“Microsoft 365 Apps usage” lists nobody at present, which changes nothing."
    assert (result.exit_code, kept()) == (0, before)  # though the first report alone knows older days
    tenant.sandbox.tenant.reports_empty = True
    tenant.move(days=2)
    (result,) = tenant.sync("usage-reports")
    assert result.run is not None
    assert result.run.message.count("lists nobody") == 2
    assert (result.exit_code, kept()) == (0, before)
    assert SeatHolder.objects.get(first_name="Hal").evidence == "confirmed"


def test_a_report_that_stands_still_is_told(tenant: Tenant) -> None:
    tenant.sandbox.tenant.report_lag = 9
    *_, result = tenant.sync()
    assert result.run is not None
    assert result.run.message == ""
    tenant.sandbox.tenant.report_lag = 12
    (result,) = tenant.sync("usage-reports")
    assert result.run is not None
    assert result.run.message == "A report that was read knows nothing after 2026-07-20."


def test_days_of_tomorrow_are_not_believed(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(row: Row) -> None:
        if row["userPrincipalName"].startswith("hal."):
            row.update({name: "2026-08-02" for name in row if name.endswith("LastActivityDate")})
            row.update(lastActivityDate="9999-12-31", reportRefreshDate="2033-01-01")

    rewrite(monkeypatch, odd)
    *_, result = tenant.sync()
    assert result.exit_code == 0
    assert id_of(tenant, "Hal") not in kept()
    assert kept()
    assert LastUse.objects.filter(last__gt=to_instant(NOW)).count() == 0
    assert LastUse.objects.filter(until__gt=to_instant(NOW) - days(1)).count() == 0


def test_a_row_that_cannot_be_right_is_set_aside_alone_and_forgotten_when_it_is_well(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def spoil(row: Row) -> None:
            if row["userPrincipalName"].startswith("hal."):
                row.update({name: 10**30 for name in row if name.endswith("LastActivityDate")}, lastActivityDate="soon")
            if row["userPrincipalName"].startswith("kim."):
                row.pop("exchangeLastActivityDate", None)
                row.update(userPrincipalName={"a": [1]} if "details" in row else row["userPrincipalName"])

        rewrite(patch, spoil)
        *_, result = tenant.sync()
        assert result.exit_code == 6
        assert Quarantine.objects.filter(task="usage-reports", resolved=False).count() == 4
        gone = {id_of(tenant, name) for name in ("Hal", "Kim")}
        assert kept() == {key: last for key, last in true(tenant).items() if key not in gone}
    (result,) = tenant.sync("usage-reports")
    assert (result.exit_code, kept()) == (0, true(tenant))
    assert not Quarantine.objects.filter(resolved=False).exists()
