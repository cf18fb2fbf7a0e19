"""Copilot Usage, from the tenant to the store: by name, days late, and never more than the report says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seatkeeper.clock import days
from seatkeeper.connectors.microsoft import copilot_usage as microsoft
from seatkeeper.model import RunStatus, to_id, to_instant
from seatkeeper.sandbox.graph import answers, reports_beta
from seatkeeper.services import applications
from seatkeeper.store.models import LastUse, Quarantine, SeatHolder, Task, UnlicensedUser
from tests.people import NOW, Tenant, open_tenant

from .astray import Elsewhere, lead_astray

pytestmark = pytest.mark.usefixtures("database")

COPILOT = "microsoft-365-copilot"
ALL = ("licenses", "roster", "copilot-usage")
Row = dict[str, Any]


@contextmanager
def opened(**changes: Any) -> Iterator[Tenant]:
    with open_tenant(copilot=True, product=COPILOT, name="Copilot", tasks=ALL, **changes) as tenant:
        tenant.name = "Copilot"
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        yield tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


def day(text: str | None) -> int | None:
    return None if text is None else to_instant(f"{text}T00:00:00Z")


def kept(used: str = "") -> dict[str, int]:
    rows = LastUse.objects.filter(signal="copilot-usage", used=used)
    return {to_id(bytes(row.account)): row.last for row in rows}


def told(tenant: Tenant) -> dict[str, Row]:
    """Who used it, by what is true."""
    reported = tenant.sandbox.truth()["products"][COPILOT]["reported"]
    return {row["object_id"]: row for row in reported if row["last_activity"]}


def true(tenant: Tenant) -> dict[str, int | None]:
    return {key: day(row["last_activity"]) for key, row in told(tenant).items()}


def id_of(tenant: Tenant, name: str) -> str:
    directory = tenant.sandbox.tenant.directory
    return next(person.id for person in directory.stories if person.given == name)


def rewrite(monkeypatch: pytest.MonkeyPatch, change: Callable[[Row], None]) -> None:
    """From now on the report's rows come changed."""
    plain = reports_beta.row_of

    def row_of(*given: Any) -> Row:
        row = plain(*given)
        change(row)
        return row

    monkeypatch.setattr(reports_beta, "row_of", row_of)


def test_what_is_kept_is_what_the_report_tells_page_by_page_with_its_own_known_until(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microsoft, "QUESTION", f"{microsoft.QUESTION}&$top=5")
    results = {result.kind.key: result for result in tenant.sync()}
    run = results["copilot-usage"].run
    assert run is not None
    assert (run.status, run.pages > 2, run.quarantined, run.message) == (RunStatus.COMPLETE, True, 0, "")
    assert kept() == true(tenant)
    for app in ("Teams", "Copilot Chat"):
        assert kept(app) == {key: day(row["apps"][app]) for key, row in told(tenant).items() if app in row["apps"]}
    (until,) = set(LastUse.objects.values_list("until", flat=True))
    assert until == to_instant("2026-07-30T00:00:00Z") - 1  # the report's last day, not the moment of reading
    tenant.move(days=4)
    assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
    assert kept() == true(tenant)


def test_it_is_read_only_where_somebody_ticked_it() -> None:
    with open_tenant(copilot=True, product=COPILOT, name="Copilot") as tenant:
        tenant.name = "Copilot"
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        assert [result.kind.key for result in tenant.sync()] == ["licenses", "roster", "access"]
        applications.edit_application(tenant.who, tenant.name, applications.Edit(tasks=ALL))
        tenant.sync("copilot-usage")
        assert SeatHolder.objects.filter(evidence="confirmed").exists()
        applications.edit_application(tenant.who, tenant.name, applications.Edit(tasks=ALL[:2]))
        tenant.move(days=1)
        tenant.sync()
        assert not SeatHolder.objects.filter(evidence="confirmed").exists()  # what is known stays, and is not shown


def test_names_are_joined_whatever_their_case(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(monkeypatch, lambda row: row.update(userPrincipalName=row["userPrincipalName"].upper()))
    tenant.sync()
    assert kept() == true(tenant)


def test_a_name_that_nobody_has_is_left_out_and_told_and_makes_no_suspicious_person(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(row: Row) -> None:
        if row["userPrincipalName"].startswith("ada."):
            row["userPrincipalName"] = "ada.married@northwind.example"

    rewrite(monkeypatch, rename)
    *_, result = tenant.sync()
    ada = id_of(tenant, "Ada")
    assert result.run is not None
    assert (result.exit_code, result.run.status) == (0, RunStatus.COMPLETE)
    assert "Left out: 1 user names" in result.run.message
    assert kept() == {key: last for key, last in true(tenant).items() if key != ada}
    assert not UnlicensedUser.objects.exists()
    assert SeatHolder.objects.get(first_name="Ada").evidence == "not observable yet"


def test_a_name_that_two_accounts_have_is_nobody_s(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tenant.sandbox.tenant.directory
    ada = next(person for person in directory.stories if person.given == "Ada")
    plain = answers._USER["userPrincipalName"]
    both = {"userPrincipalName": lambda p: ada.upn.upper() if p.given == "Bo" else plain(p)}
    monkeypatch.setattr(answers, "_USER", answers._USER | both)
    *_, result = tenant.sync()
    assert result.run is not None
    assert "Left out: 1 user names" in result.run.message  # Bo has not used it
    assert not kept().keys() & {ada.id, id_of(tenant, "Bo")}
    assert kept()


def test_a_use_from_before_the_account_was_created_was_another_s(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use(row: Row) -> None:
        if row["userPrincipalName"].startswith("gus."):  # hired yesterday
            row["lastActivityDate"] = "2026-07-20"

    rewrite(monkeypatch, use)
    *_, result = tenant.sync()
    assert result.run is not None
    assert "Left out: 1 user names" in result.run.message
    assert id_of(tenant, "Gus") not in kept()


def test_concealed_names_store_nothing_and_what_was_known_stays(tenant: Tenant) -> None:
    tenant.sync()
    before = kept()
    tenant.move(days=3)
    tenant.sandbox.tenant.conceal_reports = True
    results = {result.kind.key: result for result in tenant.sync()}
    refused = results["copilot-usage"]
    assert (refused.exit_code, results["roster"].exit_code) == (3, 0)
    assert "Display concealed" in refused.message
    assert before
    assert kept() == before


def test_a_report_with_concealed_names_from_its_start_is_not_stored_at_all(tenant: Tenant) -> None:
    tenant.sandbox.tenant.conceal_reports = True
    assert tenant.sync()[-1].exit_code == 3
    assert not LastUse.objects.exists()
    assert Task.objects.get(key="copilot-usage").full_read_at is None


def test_an_empty_report_is_no_news(tenant: Tenant) -> None:
    tenant.sync()
    before = kept()
    tenant.move(days=2)
    tenant.sandbox.tenant.reports_empty = True
    (result,) = tenant.sync("copilot-usage")
    assert (result.exit_code, kept()) == (0, before)
    assert SeatHolder.objects.get(first_name="Ada").evidence == "confirmed"


def test_a_missing_permission_is_named_and_harms_no_other_task(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions.discard("Reports.Read.All")
    results = {result.kind.key: result for result in tenant.sync()}
    assert {key: result.exit_code for key, result in results.items()} == {
        "licenses": 0,
        "roster": 0,
        "copilot-usage": 3,
    }
    assert "Reports.Read.All" in results["copilot-usage"].message
    assert SeatHolder.objects.exists()
    assert not LastUse.objects.exists()


def test_a_cloud_without_the_report_says_so(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microsoft, "QUESTION", microsoft.QUESTION.replace("application/json", "text/csv"))  # a 400
    (result,) = tenant.sync("copilot-usage")
    assert "This cloud does not offer it" in result.message
    assert not LastUse.objects.exists()


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda link, twin, own: twin + link.removeprefix(own),
        lambda link, twin, own: link.replace(
            "copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')", "users"
        ),
        lambda link, twin, own: link.replace("D180", "D7"),
        lambda link, twin, own: link.replace("(period='D180')", ""),
        lambda link, twin, own: link.replace("'", "%27"),
        lambda link, twin, own: link.replace("/beta/", "/v1.0/"),
        lambda link, twin, own: link.replace("https://", "https://ada@"),
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_before_anything_is_sent(
    elsewhere: Elsewhere, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microsoft, "QUESTION", f"{microsoft.QUESTION}&$top=5")
    tenant.sync("roster")
    sandbox = tenant.sandbox
    lead_astray(monkeypatch, sandbox, elsewhere)
    before = len(sandbox.ledger)
    (result,) = tenant.sync("copilot-usage")
    assert result.exit_code == 4
    assert "an address other than the one that was asked" in result.message
    sent = list(sandbox.ledger)[before:]
    assert [entry["path"] for entry in sent if "/beta/" in entry["path"] or "users" in entry["path"]] == [
        microsoft.REPORT
    ]
    assert not [entry for entry in sent if entry["origin"] == sandbox.twin_url]


def test_days_that_are_nothing_say_nothing_and_those_of_tomorrow_are_not_believed(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for name in reports_beta._COLUMNS if name.endswith("ActivityDate")]

    def odd(row: Row) -> None:
        name = row["userPrincipalName"].partition(".")[0]
        if name == "ada":
            row.update(dict.fromkeys(names))
        if name == "di":
            row.update(dict.fromkeys(names, "2026-08-02"))
        if name == "flo":
            row.update(lastActivityDate="2033-01-01", reportRefreshDate="2033-01-01")

    rewrite(monkeypatch, odd)
    *_, result = tenant.sync()
    assert result.exit_code == 0
    ada, di, flo = (id_of(tenant, name) for name in ("Ada", "Di", "Flo"))
    assert not kept().keys() & {ada, di}
    assert kept()[flo] == true(tenant)[flo]  # by the day of an application, which can be right
    assert LastUse.objects.filter(last__gt=to_instant(NOW)).count() == 0
    assert LastUse.objects.filter(until__gt=to_instant(NOW) - days(1)).count() == 0


def test_a_row_that_cannot_be_right_is_set_aside_alone_and_forgotten_when_it_is_well(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def spoil(row: Row) -> None:
            name = row["userPrincipalName"].partition(".")[0]
            changes: dict[str, Row] = {
                "ada": {"lastActivityDate": "soon"},
                "di": {"userPrincipalName": None},
                "Pat": {"reportRefreshDate": 7},
            }
            row.update(changes.get(name, {}))

        rewrite(patch, spoil)
        *_, result = tenant.sync()
        assert result.exit_code == 6
        assert Quarantine.objects.filter(task="copilot-usage", resolved=False).count() == 3
        gone = {id_of(tenant, name) for name in ("Ada", "Di", "Pat")}
        assert kept() == {key: last for key, last in true(tenant).items() if key not in gone}
    (result,) = tenant.sync("copilot-usage")
    assert (result.exit_code, kept()) == (0, true(tenant))
    assert not Quarantine.objects.filter(resolved=False).exists()
