"""A loss that the vendor tells, in whatever way, is held for a person as one that it merely leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from seatkeeper.clock import system_clock
from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.model import FOREVER, Account, RunStatus, to_id
from seatkeeper.services import runs
from seatkeeper.store import models as tables
from tests.people import Tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")
Change = Callable[[Account], Account | None]


def without_licence(account: Account) -> Account:
    return account._replace(licensing='{"held":[],"plans":[],"states":[]}')


def deleted_plans(account: Account) -> Account:
    if not isinstance(account.licensing, str):
        return account
    return account._replace(licensing=account.licensing.replace('"Enabled"', '"Deleted"'))


def removed(_account: Account) -> None:
    return None


def blocked(account: Account) -> Account:
    return account._replace(enabled=False)


def tell(patch: pytest.MonkeyPatch, change: Change, *, of: int | None = None) -> None:
    """The vendor says it of everybody, or of so many seat holders, in a full read and in the changes."""
    holders = set(tables.Seat.objects.filter(until=FOREVER).values_list("account", flat=True))
    some = sorted(map(bytes, holders))[:of]
    rows = tables.Account.objects.filter(until=FOREVER)
    fields = Account._fields
    known = [Account._make([bytes(row[0]), *row[1:]]) for row in rows.values_list(*fields)]
    told = {account.key: change(account) for account in known if of is None or account.key in some}
    full = MicrosoftConnector.read_roster

    def turned(page: RecordPage[Account]) -> RecordPage[Account]:
        records = [told.get(account.key, account) for account in page.records]
        return replace(page, records=[account for account in records if account is not None])

    def read_roster(self: MicrosoftConnector, link: str | None) -> Iterator[RecordPage[Account]]:
        return map(turned, full(self, link))

    def read_changes(_self: MicrosoftConnector, link: str) -> Iterator[RecordPage[Account]]:
        records = [account for account in told.values() if account is not None]
        yield RecordPage(records, [], changes_link=link, removed=[key for key, one in told.items() if one is None])

    patch.setattr(MicrosoftConnector, "read_roster", read_roster)
    patch.setattr(MicrosoftConnector, "read_changes", read_changes)
    patch.setattr(MicrosoftConnector, "read_account", lambda _self, key: told.get(key))


def seen(tenant: Tenant) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k in ("Object ID", "Blocked", "Plans")} for row in tenant.roster()]


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("change", [without_licence, deleted_plans, removed, blocked])
def test_whatever_way_a_mass_loss_is_told_it_waits_for_a_person(
    change: Change, monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    with read_tenant(people=200) as tenant:
        before = seen(tenant)
        assert len(before) > 10
        tell(monkeypatch, change)
        (result,) = tenant.sync("roster", full=full)
        assert result.run is not None
        assert (result.run.status, result.exit_code) == (RunStatus.HELD, 5), result.message
        assert seen(tenant) == before
        runs.confirm_run(tenant.who, result.run.pk)
        assert seen(tenant) != before


@pytest.mark.parametrize("change", [without_licence, removed, blocked])
def test_a_few_who_lose_their_seats_wait_for_nobody(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    with read_tenant(people=200) as tenant:
        tell(monkeypatch, change, of=10)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.status == RunStatus.COMPLETE, result.message


def test_seats_that_an_approved_plan_takes_back_are_no_surprise(monkeypatch: pytest.MonkeyPatch) -> None:
    with read_tenant(people=200) as tenant:
        application = tables.Application.objects.get()
        plan = tables.ReclaimPlan.objects.create(
            application=application, name="May", state="approved", by="me", created=system_clock()
        )
        holders = tables.Seat.objects.filter(until=FOREVER).values_list("account", "sku")
        for key, sku in {bytes(key): bytes(sku) for key, sku in holders}.items():
            tables.ReclaimItem.objects.create(
                plan=plan, object_id=to_id(key), user_id="x", sku=to_id(sku), title="x", finding="unused",
                evidence="", state="proposed",
            )  # fmt: skip
        tell(monkeypatch, without_licence, of=15)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.status == RunStatus.COMPLETE, result.message
