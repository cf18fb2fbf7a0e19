"""Ways in which a seat, a purchase or a stretch of time could be wrong for a while; each was found by reading."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatkeeper import clock
from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.microsoft import licenses
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.connectors.microsoft.licenses import SubscribedSku
from seatkeeper.model import Account, Subscription, to_instant, to_key
from seatkeeper.services import runs
from seatkeeper.store import bulk
from seatkeeper.store import models as tables
from tests.people import NOW, Quiet, Tenant, open_tenant

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.both_engines]


def test_who_was_removed_and_restored_without_a_licence_in_one_round_holds_no_seat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_tenant() as tenant:
        tenant.sync("licenses", "roster")
        holder = to_key(tenant.roster()[0]["Object ID"])
        task = tables.Task.objects.get(key="roster")
        _row, _since, account = bulk.list_current_accounts(task.connection_id, [holder], task.generation)[holder]

        def changes(_self: MicrosoftConnector, _link: str) -> Iterator[RecordPage[Account]]:
            yield RecordPage([], [], link="more", removed=[holder])
            yield RecordPage([account._replace(licensing=None)], [], changes_link="later")

        before = len(tenant.roster())
        monkeypatch.setattr(MicrosoftConnector, "read_changes", changes)
        tenant.sync("roster")
        assert len(tenant.roster()) == before - 1


def purchases() -> set[str]:
    task = tables.Task.objects.get(key="licenses")
    return {
        row.part_number
        for row in tables.Subscription.objects.filter(since__lte=task.generation, until__gt=task.generation)
    }


def test_what_was_bought_does_not_go_because_its_row_could_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    convert = licenses.to_subscription

    def refuse_one(sku: SubscribedSku) -> Subscription:
        if sku.sku_part_number == "PROJECTPROFESSIONAL":
            raise ValueError("skuPartNumber: too long")
        return convert(sku)

    with open_tenant() as tenant:
        tenant.sync("licenses")
        before = purchases()
        assert "PROJECTPROFESSIONAL" in before
        with monkeypatch.context() as patch:
            patch.setattr(licenses, "to_subscription", refuse_one)
            (result,) = tenant.sync("licenses")
        assert result.exit_code == 6
        assert purchases() == before


def sync_by_our_own_clock(tenant: Tenant, task: str) -> None:
    list(runs.sync(tenant.who, runs.SyncRequest(tenant.name, [task]), Quiet()))


@pytest.mark.parametrize("ahead", [2, 400])
def test_a_clock_of_ours_that_is_ahead_proves_nothing(ahead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    true = clock.system_clock
    with open_tenant() as tenant:
        tenant.sandbox.tenant.move(days=(true() - to_instant(NOW)) / days(1))  # its log goes on until today
        with monkeypatch.context() as patch:
            wrong = lambda: true() + days(ahead)  # noqa: E731
            for module in ("services.runs", "connectors.microsoft.connector"):
                patch.setattr(f"seatkeeper.{module}.system_clock", wrong)
            request = runs.SyncRequest(tenant.name, ["access"])
            list(runs.sync(tenant.who, request, Quiet(), clock=wrong))
        assert tables.Coverage.objects.exists()
        assert all(row.read_at <= true() for row in tables.Coverage.objects.all())
        task = tables.Task.objects.get(key="access")
        assert task.full_read_at is not None
        assert task.full_read_at <= true()


def test_a_roster_that_was_read_in_the_future_is_read_again_whole() -> None:
    with open_tenant() as tenant:
        tenant.sync("roster")
        task = tables.Task.objects.get(key="roster")
        task.full_read_at = tenant.clock() + days(400)
        task.save()
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.full
