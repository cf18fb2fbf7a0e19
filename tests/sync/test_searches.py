"""Audit Events, from the tenant to the store: a search that outlives runs, and records that only ever confirm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.connectors.microsoft import audit_events
from seatkeeper.graph import throttle
from seatkeeper.model import FOREVER, RunStatus, to_id, to_instant
from seatkeeper.reporting.refresh import refresh_all
from seatkeeper.sandbox.graph import answers, audit_queries, lists
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.sandbox.world.audited import Act
from seatkeeper.services.listings import person
from seatkeeper.store.models import Account, LastUse, Quarantine, SeatHolder, Task
from seatkeeper.sync.searches import Checkpoint
from tests.people import NOW, Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")
ALL = ("licenses", "roster", "audit-events")
POWER_BI = "power-bi"
Row = dict[str, Any]


@contextmanager
def opened(takes: int = 0, **changes: Any) -> Iterator[Tenant]:
    """A tenant whose searches take so many seconds."""
    with open_tenant(everything=True, **{"product": POWER_BI, "name": "Power BI", "tasks": ALL} | changes) as tenant:
        tenant.name = "Power BI"
        tenant.sandbox.tenant.permissions.add("AuditLogsQuery.Read.All")
        tenant.sandbox.tenant.search_seconds = takes
        yield tenant


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_AUDIT_LOG", (throttle.POLL, 0.0))


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


def kept(used: str = POWER_BI) -> dict[str, int]:
    rows = LastUse.objects.filter(signal="audit-events", used=used)
    return {to_id(bytes(row.account)): row.last for row in rows}


def told(tenant: Tenant, product: str = POWER_BI) -> dict[str, int]:
    """The newest record of each, by what is true."""
    rows = tenant.sandbox.truth()["products"][product]["audited"]
    return {row["object_id"]: to_instant(row["last"]) for row in rows}


def posted(tenant: Tenant) -> list[str]:
    return [e["path"] for e in tenant.sandbox.ledger if e["method"] == "POST" and "auditLog" in e["path"]]


def checkpoint() -> Checkpoint:
    return msgspec.json.decode(Task.objects.get(key="audit-events").checkpoint or "{}", type=Checkpoint)


def rewrite(monkeypatch: pytest.MonkeyPatch, change: Callable[[Row], None]) -> None:
    plain = audit_queries.record_of

    def record_of(tenant: Any, act: Act) -> Row:
        row = plain(tenant, act)
        change(row)
        return row

    monkeypatch.setattr(audit_queries, "record_of", record_of)


def test_what_is_kept_is_the_newest_record_of_each_person(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_queries, "PAGE", 7)
    *_, result = tenant.sync()
    run = result.run
    assert run is not None
    assert (run.status, run.full, run.pages > 10, run.quarantined) == (RunStatus.COMPLETE, True, True, 0)
    assert "records of systems, applications and operators" in run.message
    assert kept() == told(tenant)
    assert len(kept()) > 10
    assert len(posted(tenant)) == 1


def test_a_record_confirms_the_use_of_a_seat_at_its_moment(tenant: Tenant) -> None:
    tenant.sync()
    confirmed = SeatHolder.objects.filter(evidence="confirmed")
    assert {holder.signals["audit-events"]["last"] for holder in confirmed} <= set(told(tenant).values())
    without = [holder for holder in SeatHolder.objects.all() if not holder.signals]
    assert without
    assert {holder.evidence for holder in without} == {"not observable yet"}  # that there is none proves nothing


def test_what_is_known_of_a_person_has_the_moment_of_the_newest_record_of_the_product_alone(tenant: Tenant) -> None:
    tenant.add(product="dynamics-365", name="Dynamics", tasks=ALL)
    tenant.sync()
    both = kept().keys() & kept("dynamics-365").keys()
    holder = SeatHolder.objects.filter(application__product=POWER_BI, object_id__in=both).first()
    assert holder is not None
    found = person.read(tenant.who, holder.application_id, holder.object_id, tenant.clock)
    (said,) = [said for said in found.signals if said.key == "audit-events"]
    assert (said.title, said.last, said.of_days, said.parts) == ("Audit Events", kept()[holder.object_id], False, ())
    assert said.proves == "Confirms use at that moment. That there is none proves nothing."
    assert any("audit log says that the product was used last" in sentence for sentence in found.why)
    Task.objects.filter(key="audit-events").update(enabled=False)
    refresh_all(holder.application.connection_id)
    assert not SeatHolder.objects.exclude(signals={}).exists()  # what is not ticked says nothing


def test_each_product_is_told_of_its_own_records(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as tenant:
        tenant.add(product="dynamics-365", name="Dynamics", tasks=ALL)
        tenant.sync()
        for product in (POWER_BI, "dynamics-365"):
            assert kept(product) == told(tenant, product)
            for holder in SeatHolder.objects.filter(application__product=product):
                said = holder.signals.get("audit-events", {}).get("last")
                assert said == kept(product).get(holder.object_id)
        assert kept("dynamics-365").items() != kept().items()


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


def test_an_older_record_never_takes_the_place_of_a_newer_one(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync()
    before = kept()
    rewrite(monkeypatch, lambda row: row.update(createdDateTime="2026-03-01T00:00:00Z"))
    tenant.sync("audit-events", full=True)
    assert kept() == before
    assert kept("") == before


def test_a_product_that_is_added_is_looked_for_in_all_the_time(tenant: Tenant) -> None:
    tenant.sync()
    tenant.add(product="dynamics-365", name="Dynamics", tasks=ALL)
    tenant.sync("audit-events")
    *_, last = tenant.sandbox.tenant.searches.values()
    assert last.span[0] == (to_instant(NOW) - days(180)) // 10**7
    assert kept("dynamics-365") == told(tenant, "dynamics-365")


def test_a_name_that_was_another_accounts_then_is_not_joined(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(monkeypatch, lambda row: row.update(createdDateTime="2001-01-01T00:00:00Z"))
    *_, result = tenant.sync()
    assert "user names that do not fit exactly one account" in result.message
    young = {person.id for person in tenant.sandbox.tenant.directory.stories if person.created is not None}
    assert not young & kept().keys()


def test_whoever_had_the_name_then_did_it_though_it_is_another_name_or_anothers_name_now() -> None:
    with opened(people=200, churn=60.0) as tenant:
        tenant.sync("licenses", "roster")
        for _ in range(4):
            tenant.move(days=3)
            tenant.sync("licenses", "roster")
        (result,) = tenant.sync("audit-events")
        assert result.exit_code == 0
        directory, true = tenant.sandbox.tenant.directory, told(tenant)
        renamed = {
            change.after.id
            for change in directory.log[: directory.happened]
            if change.kind == "rename" and change.after is not None
        }
        assert renamed & kept().keys()
        assert kept().items() <= true.items()
        assert len(kept()) > 0.9 * len(true)


@pytest.mark.parametrize(("moment", "whose"), [("2026-07-25", 0), ("2026-08-06", None), ("2026-08-15", 1)])
def test_a_name_that_went_over_to_another_account_is_joined_by_the_moment(
    moment: str, whose: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(churn=0.0) as tenant:
        tenant.sync("licenses", "roster")
        old, new = Account.objects.filter(created__lt=to_instant(NOW) - days(60))[:2]
        tenant.move(days=10)
        tenant.sync("roster", full=True)
        second = Task.objects.get(key="roster").generation
        Account.objects.filter(key__in=(old.key, new.key)).update(until=second)
        for account, name in ((old, "married@northwind.example"), (new, old.upn)):
            values = {field.attname: getattr(account, field.attname) for field in Account._meta.fields}
            Account.objects.create(**values | {"id": None, "since": second, "until": FOREVER, "upn": name})
        tenant.move(days=10)
        rewrite(monkeypatch, lambda row: row.update(userPrincipalName=old.upn, createdDateTime=f"{moment}T10:00:00Z"))
        (result,) = tenant.sync("audit-events")
        expected = {} if whose is None else {to_id(bytes((old, new)[whose].key)): to_instant(f"{moment}T10:00:00Z")}
        assert kept() == expected
        assert ("do not fit exactly one account" in result.message) is (whose is None)


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


def test_a_record_that_cannot_be_right_is_set_aside_and_stays_so(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled: list[str] = []

    def spoil(row: Row) -> None:
        if row["userType"] == "regular" and (not spoiled or row["id"] in spoiled):
            spoiled.append(row["id"])
            row["createdDateTime"] = "soon"

    with monkeypatch.context() as patch:
        rewrite(patch, spoil)
        *_, result = tenant.sync()
        assert result.exit_code == 6
    tenant.move(days=20)
    tenant.sync("audit-events")  # which does not look there again
    assert Quarantine.objects.filter(task="audit-events", resolved=False).count() == 1


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
    elsewhere: Callable[[str, str, str], str], tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "PAGE", 7)
    tenant.sync("roster")
    sandbox, serve = tenant.sandbox, lists.serve

    def astray(*given: Any) -> Answer:
        found = serve(*given)
        shape = answers.decode(found.body)
        shape["@odata.nextLink"] = elsewhere(shape["@odata.nextLink"], sandbox.twin_url, sandbox.graph_url)
        return replace(found, body=answers.encode(shape))

    monkeypatch.setattr(lists, "serve", astray)
    before = len(sandbox.ledger)
    (result,) = tenant.sync("audit-events")
    assert result.exit_code == 4
    assert "an address other than the one that was asked" in result.message
    sent = list(sandbox.ledger)[before:]
    assert len([entry for entry in sent if entry["path"].endswith("/records")]) == 1
    assert not [entry for entry in sent if entry["origin"] == sandbox.twin_url]
