"""What a list of the vendor may do to its reader, one fault after the other, and what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seatkeeper.model import RunStatus
from seatkeeper.sandbox.faults.fault import FAULTS
from seatkeeper.sandbox.graph.refusals import expired_page
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import runs
from seatkeeper.services.members import operator
from seatkeeper.store.models import Account
from tests.people import NOW, Quiet, Tenant, compare_with_truth, open_tenant
from tests.spoiled import Handler, answering

pytestmark = [pytest.mark.usefixtures("sqlite", "small_pages"), pytest.mark.deep]


@contextmanager
def open_busy() -> Iterator[Tenant]:
    """A tenant of 60 people in which a good many change each day; it was read once."""
    settings = Settings(people=60, days=45, now=NOW, frozen=True, churn=150.0)
    with Sandbox(settings=settings) as sandbox:
        tenant = Tenant(sandbox, operator())
        tenant.add()
        tenant.sync()
        yield tenant


def wrong_roster(tenant: Tenant) -> list[str]:
    return [line for line in compare_with_truth(tenant) if line.startswith("roster")]


def everybody(generation: int) -> set[bytes]:
    """The accounts that readers of this generation see."""
    seen = Account.objects.filter(since__lte=generation, until__gt=generation)
    return {bytes(key) for key in seen.values_list("key", flat=True)}


AWKWARD = (
    "repeated-row", "empty-page", "page-size=0", "page-size=5000", "count-lies", "new-fields=fields", "log-shift",
    "rewritten=older-first", "mixed-stream", "expired-page-token", "token-expires", "claims-challenge=unpadded",
    "cut-body=chunk", "reset", "stale-keepalive", "garbage-after-json=bom", "nan=Infinity", "deep-nesting=objects",
    "gzip-bomb=headers", "sometimes-no-premium=0.2", "error-burst=502@0.1", "sunset",
)  # fmt: skip


@pytest.mark.parametrize("fault", AWKWARD)
def test_what_is_only_awkward_changes_nothing(fault: str) -> None:
    with open_tenant(people=60, faults=[fault]) as tenant:
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
        assert compare_with_truth(tenant) == []


def test_somebody_renamed_between_two_pages_is_one_person_with_the_newer_name() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sandbox.tenant.switch_on("renamed-between-pages")
        tenant.sync("roster")
        accounts = Counter(bytes(key) for key in Account.objects.values_list("key", flat=True))
        assert set(accounts.values()) == {1}
        assert Account.objects.filter(upn__startswith="renamed.").count() == 4  # the last ones of four pages
        assert len(accounts) == 60


def test_a_name_that_somebody_else_got_joins_nobody() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        before = {row["Object ID"]: row["Last Login"] for row in tenant.access()}
        tenant.sandbox.tenant.switch_on("reused-name")
        tenant.sync("roster", full=True)
        names = Account.objects.filter(until__gt=2).values_list("upn", flat=True)
        assert len(names) == 60
        assert max(Counter(names).values()) == 2
        assert {row["Object ID"]: row["Last Login"] for row in tenant.access()} == before


@pytest.mark.parametrize("reason", ["changed", "deleted"])
def test_who_is_removed_while_we_read_is_gone_with_the_time_and_may_come_back(reason: str) -> None:
    with open_busy() as tenant:
        tenant.sandbox.tenant.switch_on("removed-midway", reason)
        tenant.move(days=3)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert (result.run.status, result.run.full) == (RunStatus.COMPLETE, False)
        gone = everybody(result.run.generation - 1) - everybody(result.run.generation)
        assert result.run.gone == len(gone) > 0
        tenant.sandbox.tenant.switch_off()
        (result,) = tenant.sync("roster", full=True)
        assert result.run is not None
        assert gone & everybody(result.run.generation)  # the vendor still has them
        assert wrong_roster(tenant) == []


@pytest.mark.parametrize("fault", ["delta-repeats", "delta-replay=again", "page-size=0", "repeated-row"])
def test_changes_that_are_told_several_times_are_made_once(fault: str) -> None:
    name, _, value = fault.partition("=")
    with open_busy() as tenant:
        tenant.sandbox.tenant.switch_on(name, value)
        for _ in range(2):
            tenant.move(days=2)
            (result,) = tenant.sync("roster")
            assert result.run is not None
            assert (result.exit_code, result.run.full) == (0, False)
            assert wrong_roster(tenant) == []


def test_an_old_change_that_comes_after_a_newer_one_is_mended_by_the_next_full_read() -> None:
    with open_busy() as tenant:
        tenant.sandbox.tenant.switch_on("delta-replay", "stale")
        for _ in range(2):
            tenant.move(days=2)
            tenant.sync("roster")
        tenant.sandbox.tenant.switch_off()
        tenant.move(days=4)  # a week is over: everybody is read again
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.full
        assert wrong_roster(tenant) == []


def test_a_change_that_tells_half_of_a_person_takes_nothing_from_the_other_half() -> None:
    with open_busy() as tenant:
        tenant.sandbox.tenant.switch_on("partial-delta")
        tenant.move(days=3)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert result.run.changed > 0
        true = {row["object_id"]: row for row in tenant.sandbox.truth()["roster"]}
        for row in tenant.roster():
            person = true.get(row["Object ID"], {})
            for ours, theirs in (("User ID", "user_id"), ("First Name", "first_name"), ("Last Name", "last_name")):
                assert row[ours] or not person.get(theirs) or _is_new(row["Object ID"]), (row, person)


def _is_new(account: str) -> bool:
    return Account.objects.filter(key=bytes.fromhex(account.replace("-", ""))).count() == 1


def test_a_property_that_was_asked_for_and_not_sent_keeps_its_value() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        before = tenant.roster()
        for name in FAULTS["missing-property"].variants:
            tenant.sandbox.tenant.switch_on("missing-property", name)
            assert [result.exit_code for result in tenant.sync("roster", full=True)] == [0]
            assert tenant.roster() == before, name


@pytest.mark.parametrize("kind", ["gone", "foreign", "not-found", "too-old"])
def test_a_changes_link_that_is_too_old_leads_to_a_full_read_from_our_own_address(kind: str) -> None:
    with open_busy() as tenant:
        tenant.sandbox.tenant.switch_on("delta-gone", kind)
        tenant.move(days=2)
        (result,) = tenant.sync("roster")
        assert result.run is not None
        assert (result.exit_code, result.run.full) == (0, True)
        assert wrong_roster(tenant) == []
        assert {request["server"] for request in tenant.sandbox.ledger} == {"sandbox"}


def test_a_page_token_that_always_expires_ends_after_three_readings() -> None:
    with open_busy() as tenant:
        before = tenant.roster()

        def refuse_second_pages(handler: Handler) -> Handler:
            def answer(*asked: Any) -> Answer:
                if asked[1].query.get("skiptoken"):
                    raise expired_page()
                return handler(*asked)

            return answer

        with answering("/users", refuse_second_pages):
            request = runs.SyncRequest(tenant.name, ["roster"], full=True)
            (result,) = runs.sync(tenant.who, request, Quiet(), clock=tenant.clock)
        assert result.run is not None
        assert (result.run.status, result.exit_code) == (RunStatus.FAILED, 4)
        assert "3 times" in result.message
        assert result.run.pages == 3
        assert tenant.roster() == before
