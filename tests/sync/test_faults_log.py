"""What the sign-in log may do to its reader: late, short, equal, too many, another's share of the limits."""

from __future__ import annotations

import pytest
import stamina

from seatkeeper.clock import days
from seatkeeper.model import CoverageState, Instant, RunStatus
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services import coverage, runs
from seatkeeper.services.applications import delete_application
from seatkeeper.store.models import SignIn
from tests.people import NOW, Quiet, Tenant, compare_with_truth, open_tenant

pytestmark = [pytest.mark.usefixtures("sqlite", "small_pages"), pytest.mark.deep]


def missing(tenant: Tenant) -> list[Instant]:
    """When those sign-ins were that the vendor knows and we did not keep: found by reading everything once more."""
    before = set(SignIn.objects.values_list("event", flat=True))
    tenant.sandbox.tenant.switch_on("late", "off")
    tenant.sync("access", full=True)
    return sorted(SignIn.objects.exclude(event__in=before).values_list("created", flat=True))


def test_sign_ins_that_come_days_late_are_found_by_reading_each_week_again() -> None:
    with open_tenant(people=60, faults=["late=days"]) as tenant:
        tenant.sync()
        for _ in range(16):
            tenant.move(days=1)
            tenant.sync("access")
        assert min(missing(tenant), default=tenant.clock()) > tenant.clock() - days(7)


def test_what_came_late_is_not_claimed_before_it_could_be_there() -> None:
    with open_tenant(people=60, faults=["late=24h"]) as tenant:
        tenant.sync()
        rows = coverage.coverage(tenant.who, tenant.name, tenant.clock).rows
        sure = [row[1] for row in rows if row[2] == CoverageState.COMPLETE]
        assert sure == [tenant.clock() - days(1)]
        assert min(missing(tenant)) > tenant.clock() - days(1)


def test_a_log_that_was_told_short_is_whole_after_the_next_readings() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync()
        tenant.move(days=1)
        tenant.sandbox.tenant.switch_on("short-read")
        tenant.sync("access")
        tenant.sandbox.tenant.switch_off()
        tenant.move(days=1)
        tenant.sync("access")
        assert min(missing(tenant), default=tenant.clock()) > tenant.clock() - days(1)


@pytest.mark.parametrize("how", ["same", "close"])
def test_events_of_one_tick_or_one_microsecond_are_all_kept_and_once(how: str) -> None:
    with open_tenant(people=60) as plain:
        plain.sync("access")
        expected = SignIn.objects.count()
        delete_application(plain.who, plain.name)
    with open_tenant(people=60, faults=[f"same-tick={how}"]) as tenant:
        for full in (False, True):
            tenant.sync("access", full=full)
            assert SignIn.objects.count() == expected
        times = list(SignIn.objects.values_list("created", flat=True))
        assert (len(times) - len(set(times)) > 5) == (how == "same")


def test_being_behind_is_shown_with_its_dates() -> None:
    with open_tenant(people=60, faults=["flood=30"]) as tenant:
        tenant.sync("roster")
        asked: list[int] = []

        def stop() -> bool:
            asked.append(1)
            return len(asked) > 5

        request = runs.SyncRequest(tenant.name, ["access"])
        (result,) = runs.sync(tenant.who, request, Quiet(), clock=tenant.clock, stop=stop)
        assert result.exit_code == 5
        rows = coverage.coverage(tenant.who, tenant.name, tenant.clock).rows
        gaps = [row[1] for row in rows if row[2] == CoverageState.NOT_YET and isinstance(row[1], int)]
        assert gaps
        assert max(gaps) <= tenant.clock()
        assert "none seen" not in {row["Evidence"] for row in tenant.access()}


def test_a_tenant_whose_limits_another_uses_up_starves_nobody() -> None:
    busy = Sandbox(settings=Settings(people=60, seed=2, now=NOW, frozen=True), faults=["noisy-neighbour=all"])
    with busy, open_tenant(people=60) as tenant, stamina.set_testing(True, attempts=2):
        other = Tenant(busy, tenant.who, name="Busy")
        other.add()
        results = list(runs.sync(tenant.who, runs.SyncRequest(), Quiet(), clock=tenant.clock))
        ended = {(result.applications, result.kind.key): result.run.status for result in results if result.run}
        assert ended.pop(("Busy", "access")) == RunStatus.FAILED
        assert set(ended.values()) == {RunStatus.COMPLETE}
        assert len(ended) == 5
        assert compare_with_truth(tenant) == []


def test_pseudonyms_in_the_log_are_kept_out_of_it() -> None:
    with open_tenant(people=60, faults=["concealed-names"]) as tenant:
        (result,) = tenant.sync("access")
        assert (result.exit_code, SignIn.objects.count()) == (3, 0)
        assert "Display concealed" in result.message
