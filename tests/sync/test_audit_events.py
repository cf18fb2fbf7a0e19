"""Audit Events, from the tenant to the store: records only ever confirm, and of whoever had the name then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper.clock import days
from seatkeeper.model import FOREVER, RunStatus, to_id, to_instant
from seatkeeper.reporting.refresh import refresh_all
from seatkeeper.sandbox.graph import audit_queries
from seatkeeper.services.listings import person
from seatkeeper.store.models import Account, Quarantine, SeatHolder, Task
from tests.people import NOW, Tenant

from .audited import ALL, POWER_BI, Row, kept, opened, posted, rewrite, told, unpaced

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    unpaced(monkeypatch)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with opened() as found:
        yield found


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


def test_an_older_record_never_takes_the_place_of_a_newer_one(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.sync()
    before = kept()
    rewrite(monkeypatch, lambda row: row.update(createdDateTime="2026-03-01T00:00:00Z"))
    tenant.sync("audit-events", full=True)
    assert kept() == before
    assert kept("") == before


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
