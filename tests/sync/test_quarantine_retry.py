"""After an upgrade, what was set aside is tried again: once for each version, and what is newer stays."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import stamina

from seatkeeper import failpoints
from seatkeeper.app_uses import INTERACTIVE, of_kind
from seatkeeper.connectors.microsoft import access, licenses, roster
from seatkeeper.connectors.microsoft.access import Event
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.connectors.microsoft.licenses import SubscribedSku
from seatkeeper.model import Key, RunStatus, SignIn, Subscription, to_instant, to_key
from seatkeeper.services import coverage
from seatkeeper.store import models as tables
from tests.people import Tenant, compare_with_truth, open_tenant

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def puzzled(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An earlier version of ours that does not understand one row in ten of each kind."""
    to_key, to_sign_in, to_subscription = roster.to_object_key, access.to_sign_in, licenses.to_subscription

    def key(text: str) -> Key:
        if text[-1] == "7":
            raise ValueError("id: ends with a seven")
        return to_key(text)

    def sign_in(event: Event, name: str) -> SignIn:
        if event.id[-1] == "7":
            raise ValueError("id: ends with a seven")
        return to_sign_in(event, name)

    def subscription(sku: SubscribedSku) -> Subscription:
        if sku.sku_part_number == "PROJECTPROFESSIONAL":
            raise ValueError("skuPartNumber: too long")
        return to_subscription(sku)

    with monkeypatch.context() as patch:
        patch.setattr("seatkeeper.sync.quarantine.__version__", "0.0.9")
        patch.setattr(roster, "to_object_key", key)
        patch.setattr(access, "to_sign_in", sign_in)
        patch.setattr(licenses, "to_subscription", subscription)
        yield patch


def open_rows(tenant: Tenant, task: str = "") -> int:
    rows = coverage.quarantine(tenant.who, tenant.name).rows
    return len([row for row in rows if not task or row[2] == task])


def test_after_an_upgrade_nothing_stays_set_aside_and_all_is_true(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=250) as tenant:
        assert [result.exit_code for result in tenant.sync()] == [6, 6, 6]
        assert all(open_rows(tenant, task) for task in ("roster", "access", "licenses"))
        puzzled.undo()
        results = tenant.sync()
        assert [result.exit_code for result in results] == [0, 0, 0]
        assert open_rows(tenant) == 0
        assert all("understood now" in result.message for result in results)
        assert compare_with_truth(tenant) == []
        assert [result.message for result in tenant.sync()] == ["", "", ""]


def test_the_same_version_does_not_try_again(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync("access")
        before = open_rows(tenant)
        puzzled.setattr(MicrosoftConnector, "read_again", None)
        (result,) = tenant.sync("access")
        assert result.run is not None
        assert result.run.status == RunStatus.COMPLETE
        assert open_rows(tenant) == before


def test_another_version_that_does_not_understand_either_tries_once(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync("roster")
        before = open_rows(tenant)
        puzzled.setattr("seatkeeper.sync.quarantine.__version__", "0.0.10")
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert (result.run.full, result.message, open_rows(tenant)) == (False, "", before)
        tried = set(tables.Quarantine.objects.values_list("tried_with", flat=True))
        assert len(tried) == 1
        assert tried.pop().startswith("0.0.10 ")


@pytest.mark.parametrize("place", ["FP:after-page", "FP:before-new-generation", "FP:before-publish-commit"])
def test_the_full_read_for_an_account_is_not_forgotten_when_the_run_is_cut_short(
    place: str, puzzled: pytest.MonkeyPatch
) -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync("roster")
        puzzled.undo()
        failpoints.arm(f"{place}=error")
        with pytest.raises(failpoints.Reached):
            tenant.sync("roster")
        tenant.sync("roster")
        assert open_rows(tenant) == 0
        assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []


def test_a_read_that_was_begun_before_the_upgrade_is_begun_anew(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=2500) as tenant:
        failpoints.arm("FP:after-commit@2=error")
        with pytest.raises(failpoints.Reached):
            tenant.sync("roster")
        assert open_rows(tenant)
        puzzled.undo()
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.pages == 3
        assert open_rows(tenant) == 0
        assert [line for line in compare_with_truth(tenant) if line.startswith("roster")] == []


def test_a_sign_in_that_was_read_again_meanwhile_is_kept_once_as_it_is_now(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync("access")
        puzzled.undo()
        (event, created), *_ = sorted(set_aside(), key=lambda row: row[1])
        known = tables.SignIn.objects.all()[0]
        known.event, known.created, known.error_code = event, created + 7, 5  # its steps were merged: another time
        known.save(force_insert=True)
        tenant.sync("access")
        again = tables.SignIn.objects.filter(event=event)
        assert list(again.values_list("created", "error_code")) == [(created + 7, 5)]
        assert open_rows(tenant) == 0


def set_aside() -> list[tuple[Key, int]]:
    """Events in quarantine with their times."""
    raws = tables.Quarantine.objects.filter(task="access").values_list("raw", flat=True)
    rows = [json.loads(bytes(raw)) for raw in raws]
    return [(to_key(row["id"]), to_instant(row["createdDateTime"])) for row in rows]


def test_a_row_that_was_cut_stays_with_its_reason(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync("roster")
        row = tables.Quarantine.objects.filter(task="roster").first()
        assert row is not None
        tables.Quarantine.objects.exclude(pk=row.pk).delete()
        row.raw, row.task, row.reason = bytes(row.raw)[:40], "access", "displayName: too long"
        row.save()
        puzzled.undo()
        tenant.sync("access")
        row.refresh_from_db()
        assert (row.resolved, row.reason, row.tried_with[:5]) == (False, "displayName: too long", "0.1.0")


def test_a_row_that_a_full_read_does_not_meet_again_is_settled(puzzled: pytest.MonkeyPatch) -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync("roster")
        before = open_rows(tenant)
        gone = tables.Quarantine.objects.first()
        assert gone is not None
        gone.digest, gone.raw = b"other", b'{"id":"somebody-7"}'
        gone.save()
        tenant.sync("roster")
        assert open_rows(tenant) == before  # changes say nothing of it
        tenant.sync("roster", full=True)
        gone.refresh_from_db()
        assert gone.resolved
        assert open_rows(tenant) == before  # the row itself is met again, and one is settled


def test_every_kind_of_row_says_why_it_is_not_understood() -> None:
    from seatkeeper.connectors.microsoft.products import Watched, load_products

    watched = Watched(load_products().products, {})
    asked = of_kind(watched.asked, INTERACTIVE)
    for raw in (b"", b"{", b"[]", b'{"id":7}', b'{"id":"\\ud800"}', b"\xed\xa0\x80", b'{}],"value":[{}'):
        for read in (
            lambda text: roster.read_again(text, watched),
            lambda text: access.read_again(text, asked),
            licenses.read_again,
        ):
            with pytest.raises(ValueError, match=r"\w"):
                read(raw)
    assert roster.read_again(b'{"id":"0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01","@removed":{}}', watched) is None
    assert access.read_again(b'{"id":"a","createdDateTime":"2026-07-01T00:00:00Z","appId":"x"}', asked) is None
