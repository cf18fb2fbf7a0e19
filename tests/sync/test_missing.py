"""Nobody is retired because a list left him out: who was on no page is asked for by id first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from seatkeeper import failpoints
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.errors import NotUnderstood, Unavailable
from seatkeeper.model import Account, Key, RunStatus, to_id, to_key
from seatkeeper.store import models as tables
from tests.people import Tenant, compare_with_truth, open_tenant

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.deep]


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def hide(tenant: Tenant, page: int | str = 2) -> None:
    """The first row of a page is skipped, as when an earlier one was deleted meanwhile."""
    tenant.sandbox.tenant.switch_on("row-shift", str(page))


def asked_for(tenant: Tenant) -> list[str]:
    paths = [str(entry["path"]) for entry in tenant.sandbox.ledger]
    return [path for path in paths if path.startswith("/v1.0/users/") and "delta" not in path]


def everybody() -> set[bytes]:
    generation = tables.Task.objects.get(key="roster").generation
    current = tables.Account.objects.filter(since__lte=generation, until__gt=generation)
    return {bytes(key) for key in current.values_list("key", flat=True)}


def test_who_was_skipped_by_the_list_stays_with_his_seat_and_is_brought_up_to_date() -> None:
    with open_tenant(people=3500) as tenant:
        tenant.sync()
        before = everybody()
        hide(tenant, 2)
        (result,) = tenant.sync("roster", full=True)
        assert result.run is not None
        assert (result.run.status, result.run.gone, result.exit_code) == (RunStatus.COMPLETE, 0, 0)
        assert everybody() == before
        assert len(asked_for(tenant)) == 1
        assert "left out 1 account" in result.message
        assert compare_with_truth(tenant) == []


def test_who_was_really_deleted_is_gone_and_each_missing_one_costs_one_question() -> None:
    with open_tenant(people=1200) as tenant:
        tenant.sync()
        before = everybody()
        tenant.move(days=2)
        source = tenant.sandbox.tenant
        left = before - {to_key(person.id) for person in source.directory.everybody(source.tick())}
        assert left
        (result,) = tenant.sync("roster", full=True)
        assert result.run is not None
        assert (result.run.status, result.run.gone, result.message) == (RunStatus.COMPLETE, len(left), "")
        assert before - everybody() == left
        assert sorted(asked_for(tenant)) == sorted(f"/v1.0/users/{to_id(key)}" for key in left)


def test_changes_name_who_left_so_nobody_is_asked_for() -> None:
    with open_tenant(people=1200) as tenant:
        tenant.sync()
        tenant.move(days=2)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.gone
        assert asked_for(tenant) == []


def test_too_many_missing_are_a_persons_to_decide_and_nobody_is_asked_for() -> None:
    with open_tenant(people=2500) as tenant:
        tenant.sync("roster")
        tenant.sandbox.tenant.switch_on("truncated-roster", "2")
        (result,) = tenant.sync("roster", full=True)
        assert result.run is not None
        assert result.run.status == RunStatus.HELD
        assert asked_for(tenant) == []


def test_while_microsoft_does_not_answer_nobody_is_retired_and_the_next_run_asks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silence(_self: MicrosoftConnector, _key: Key) -> Account | None:
        raise Unavailable("Microsoft's servers have trouble at the moment.")

    with open_tenant(people=2500) as tenant:
        tenant.sync("roster")
        before = everybody()
        hide(tenant)
        with monkeypatch.context() as patch:
            patch.setattr(MicrosoftConnector, "read_account", silence)
            (result,) = tenant.sync("roster", full=True)
        assert result.run is not None
        assert (result.run.status, result.exit_code, everybody()) == (RunStatus.FAILED, 4, before)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert (result.run.status, result.run.full, result.run.pages) == (RunStatus.COMPLETE, True, 1)  # the question's
        assert everybody() == before
        assert len(asked_for(tenant)) == 1


def test_a_question_that_is_not_understood_keeps_the_account_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def puzzled(_self: MicrosoftConnector, _key: Key) -> Account | None:
        raise NotUnderstood("?")

    monkeypatch.setattr(MicrosoftConnector, "read_account", puzzled)
    with open_tenant(people=2500) as tenant:
        tenant.sync("roster")
        before = everybody()
        hide(tenant)
        (result,) = tenant.sync("roster", full=True)
        assert result.run is not None
        assert (result.run.status, everybody()) == (RunStatus.COMPLETE, before)
        assert "did not understand" in result.message


@pytest.mark.parametrize("place", ["FP:after-page", "FP:before-commit", "FP:after-commit", "FP:while-retiring"])
def test_a_run_that_is_cut_short_between_the_questions_asks_again(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatkeeper.sync.missing.TOGETHER", 1)
    with open_tenant(people=2500) as tenant:
        tenant.sync("roster")
        before = everybody()
        hide(tenant, "all")
        hit = 1 if place == "FP:while-retiring" else 5  # after the three pages of the list, the second question
        failpoints.arm(f"{place}@{hit}=error")
        with pytest.raises(failpoints.Reached):
            tenant.sync("roster", full=True)
        assert everybody() == before
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert (result.run.status, result.run.gone) == (RunStatus.COMPLETE, 0)
        assert everybody() == before
