"""A search of the audit log outlives runs: it is started once, waited for a little, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.connectors.microsoft import audit_events
from seatkeeper.model import RunStatus, to_instant
from seatkeeper.sandbox.graph import audit_queries
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.store.models import LastUse, SeatHolder, Task
from seatkeeper.sync import quarantine
from tests.people import NOW, Tenant

from .astray import Elsewhere, lead_astray
from .audited import ALL, checkpoint, kept, opened, posted, rewrite, told, unpaced

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    unpaced(monkeypatch)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


def test_a_run_that_cannot_wait_leaves_the_search_to_the_next_one() -> None:
    with opened(takes=3600) as tenant:
        *_, result = tenant.sync()
        assert (result.exit_code, result.run and result.run.status) == (5, RunStatus.INTERRUPTED)
        assert "goes on with the same search" in result.message
        assert not LastUse.objects.exists()
        due = Task.objects.get(key="audit-events").due
        assert due is not None
        assert abs(due - system_clock() - seconds(15 * 60)) < seconds(60)  # not at once: others wait, too
        first = checkpoint().search
        (result,) = tenant.sync("audit-events")
        assert (result.exit_code, checkpoint().search) == (5, first)
        tenant.move(hours=2)
        (result,) = tenant.sync("audit-events")
        assert (result.exit_code, checkpoint().search) == (0, None)
        assert len(posted(tenant)) == 1
        assert kept()
        assert first is not None
        assert checkpoint().until == first.end  # what was done since is for the next search


def test_a_run_that_is_killed_goes_on_with_the_same_search(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any) -> Answer:
        raise KeyboardInterrupt

    tenant.sync("licenses", "roster")
    with monkeypatch.context() as patch:
        patch.setattr(audit_events, "read", die)
        with pytest.raises(KeyboardInterrupt):
            tenant.sync("audit-events")
    assert checkpoint().search is not None
    tenant.sync("audit-events")
    assert len(posted(tenant)) == 1
    assert kept() == told(tenant)


def test_later_searches_begin_some_days_before_the_last_and_meet_what_came_late() -> None:
    with opened(churn=0.0) as tenant:
        tenant.sync()
        first = checkpoint().until
        tenant.move(days=3)
        *_, result = tenant.sync()
        assert result.run is not None
        assert result.run.full is False
        *_, last = tenant.sandbox.tenant.searches.values()
        assert last.span[0] == (first - days(7)) // 10**7
        assert kept() == told(tenant)
        assert min(kept().values()) < first - days(7)  # what a search did not meet again stays
        signals = [holder.signals["audit-events"] for holder in SeatHolder.objects.all() if holder.signals]
        assert {said["until"] for said in signals} == {checkpoint().until - days(1)}  # for everybody, told or not


def test_a_product_that_is_added_is_looked_for_in_all_the_time(tenant: Tenant) -> None:
    tenant.sync()
    tenant.add(product="dynamics-365", name="Dynamics", tasks=ALL)
    tenant.sync("audit-events")
    *_, last = tenant.sandbox.tenant.searches.values()
    assert last.span[0] == (to_instant(NOW) - days(180)) // 10**7
    assert kept("dynamics-365") == told(tenant, "dynamics-365")


@pytest.mark.parametrize("fault", ["failed", "cancelled", "gone"])
def test_a_search_that_is_lost_is_started_anew_once_and_then_told(fault: str, tenant: Tenant) -> None:
    tenant.sandbox.tenant.switch_on("audit-search", fault)
    *_, result = tenant.sync()
    assert (result.exit_code, result.run and result.run.status) == (4, RunStatus.FAILED)
    assert "gave up the search of its audit log twice" in result.message
    assert len(posted(tenant)) == 2
    assert checkpoint().search is None
    tenant.sandbox.tenant.switch_off("audit-search")
    (result,) = tenant.sync("audit-events")
    assert (result.exit_code, kept()) == (0, told(tenant))


def test_a_search_that_never_ends_is_started_anew_after_two_days(tenant: Tenant) -> None:
    tenant.sandbox.tenant.switch_on("audit-search", "stuck")
    *_, result = tenant.sync()
    assert result.exit_code == 5
    tenant.move(days=3)
    (result,) = tenant.sync("audit-events")
    assert (result.exit_code, len(posted(tenant))) == (5, 2)
    tenant.move(days=3)
    (result,) = tenant.sync("audit-events")
    assert (result.exit_code, len(posted(tenant))) == (4, 2)


def test_a_record_that_a_later_version_understands_is_searched_for_again(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        rewrite(patch, lambda row: row.update(userPrincipalName=None) if row["userType"] == "admin" else None)
        *_, result = tenant.sync()
        assert result.exit_code == 6
    tenant.move(days=1)
    monkeypatch.setattr(quarantine, "_code", lambda: "of a later version")
    monkeypatch.setattr(audit_events, "read_again", lambda _raw: None)
    (result,) = tenant.sync("audit-events")
    assert "understood now" in result.message
    *_, last = tenant.sandbox.tenant.searches.values()
    assert last.span[1] - last.span[0] == days(180) // 10**7


def test_a_search_that_waited_for_a_run_for_days_is_read_and_not_asked_for_again() -> None:
    with opened(takes=3600) as tenant:
        tenant.sync()
        tenant.move(days=7)
        (result,) = tenant.sync("audit-events")
        assert (result.exit_code, len(posted(tenant))) == (0, 1)
        assert kept()


def test_a_search_that_found_more_than_it_gives_out_is_told(tenant: Tenant) -> None:
    tenant.sandbox.tenant.switch_on("audit-search", "limited")
    *_, result = tenant.sync()
    assert result.exit_code == 0
    assert "found more records than it gives out" in result.message
    assert kept()


def test_auditing_that_is_off_is_told_with_what_to_do(tenant: Tenant) -> None:
    tenant.sandbox.tenant.switch_on("audit-search", "off")
    *_, result = tenant.sync()
    assert (result.exit_code, result.run and result.run.status) == (3, RunStatus.REFUSED)
    assert "Start recording user and admin activity" in result.message
    assert SeatHolder.objects.exists()


def test_a_missing_permission_is_named_before_anything_is_posted(tenant: Tenant) -> None:
    tenant.sandbox.tenant.permissions.discard("AuditLogsQuery.Read.All")
    results = {result.kind.key: result for result in tenant.sync()}
    assert [results[key].exit_code for key in ALL] == [0, 0, 3]
    assert "AuditLogsQuery.Read.All" in results["audit-events"].message
    assert not posted(tenant)


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda link, twin, own: twin + link.removeprefix(own),
        lambda link, twin, own: link.replace("/records", ""),
        lambda link, twin, own: link.replace("/security/auditLog/queries", "/users"),
        lambda link, twin, own: link.replace("/v1.0/", "/beta/"),
        lambda link, twin, own: link.replace("https://", "https://hal@"),
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_before_anything_is_sent(
    elsewhere: Elsewhere, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "PAGE", 7)
    tenant.sync("roster")
    sandbox = tenant.sandbox
    lead_astray(monkeypatch, sandbox, elsewhere)
    before = len(sandbox.ledger)
    (result,) = tenant.sync("audit-events")
    assert result.exit_code == 4
    assert "an address other than the one that was asked" in result.message
    sent = list(sandbox.ledger)[before:]
    assert len([entry for entry in sent if entry["path"].endswith("/records")]) == 1
    assert not [entry for entry in sent if entry["origin"] == sandbox.twin_url]
