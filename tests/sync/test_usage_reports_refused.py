"""Usage Reports where Microsoft refuses one or both, or points elsewhere: nothing is followed, and it is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper.connectors.microsoft import usage_reports as microsoft
from seatkeeper.model import RunStatus
from seatkeeper.sandbox.graph import lists, refusals
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.store.models import LastUse, SeatHolder
from tests.people import Tenant

from .astray import Elsewhere, lead_astray
from .office import ACTIVE, ALL, APPS, kept, opened, refuse, small_pages, true

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


NOT_OFFERED = {
    "gone": refusals.Refusal(404, "ResourceNotFound", "Resource not found for the segment 'reports'."),
    "unknown": refusals.no_segment("reports"),
    "denied": refusals.Refusal(403, "S2SUnauthorized", "Invalid permission."),
}


@pytest.mark.parametrize("why", NOT_OFFERED)
@pytest.mark.parametrize(("missing", "other"), [(ACTIVE, APPS), (APPS, ACTIVE)])
def test_where_one_report_is_not_given_out_the_other_is_kept_and_the_run_says_so(
    missing: str, other: str, why: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, {missing: NOT_OFFERED[why]})
    *_, result = tenant.sync()
    titles = {report.function: report.title for report in microsoft.REPORTS}
    assert result.run is not None
    assert (result.exit_code, result.run.status) == (0, RunStatus.COMPLETE)
    assert result.run.message.startswith(f"{titles[missing]} was not read: ")
    assert titles[other] not in result.run.message
    assert kept("Microsoft 365 Apps") == (true(tenant, "Microsoft 365 Apps") if other == APPS else {})
    assert kept("Exchange") == ({} if other == APPS else true(tenant, "Exchange"))
    assert kept()


@pytest.mark.parametrize(("why", "words"), [("gone", "This cloud does not offer it"), ("denied", "Reports.Read.All")])
def test_where_both_are_refused_the_task_is(
    why: str, words: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, dict.fromkeys((ACTIVE, APPS), NOT_OFFERED[why]))
    *_, result = tenant.sync()
    assert result.exit_code == 3
    assert words in result.message
    assert not LastUse.objects.exists()


def test_a_missing_permission_is_named_and_harms_no_other_task(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions.discard("Reports.Read.All")
    results = {result.kind.key: result for result in tenant.sync()}
    assert [results[key].exit_code for key in ALL] == [0, 0, 3]
    assert "Reports.Read.All" in results["usage-reports"].message
    assert SeatHolder.objects.exists()
    assert not LastUse.objects.exists()


def test_a_report_that_redirects_to_a_file_is_followed_nowhere(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync("roster")
    elsewhere = f"{tenant.sandbox.twin_url}/data/v1.0/download?token=x"
    monkeypatch.setattr(lists, "serve", lambda *_: Answer(b"", 1, 302, {"Location": elsewhere}))
    before = len(tenant.sandbox.ledger)
    (result,) = tenant.sync("usage-reports")
    assert result.exit_code == 4
    assert "redirect, which we never follow" in result.message
    asked = [entry for entry in list(tenant.sandbox.ledger)[before:] if "/reports/" in entry["path"]]
    assert len(asked) == 1
    assert not [e for e in list(tenant.sandbox.ledger)[before:] if e["origin"] == tenant.sandbox.twin_url]


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda link, twin, own: twin + link.removeprefix(own),
        lambda link, twin, own: link.replace(f"reports/{ACTIVE}(period='D180')", "users"),
        lambda link, twin, own: link.replace(ACTIVE, APPS),
        lambda link, twin, own: link.replace("D180", "D7"),
        lambda link, twin, own: link.replace("(period='D180')", "(period='D180')/content"),
        lambda link, twin, own: link.replace("/beta/", "/v1.0/"),
        lambda link, twin, own: link.replace("https://", "https://hal@"),
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_before_anything_is_sent(
    elsewhere: Elsewhere, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    tenant.sync("roster")
    sandbox = tenant.sandbox
    lead_astray(monkeypatch, sandbox, elsewhere)
    before = len(sandbox.ledger)
    (result,) = tenant.sync("usage-reports")
    assert result.exit_code == 4
    assert "an address other than the one that was asked" in result.message
    sent = list(sandbox.ledger)[before:]
    asked = [entry["path"] for entry in sent if "/reports/" in entry["path"] or "users" in entry["path"]]
    assert asked == [f"/beta/reports/{ACTIVE}(period='D180')"]
    assert not [entry for entry in sent if entry["origin"] == sandbox.twin_url]
