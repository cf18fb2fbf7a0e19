"""How late the log tells, and how far back it goes, is measured: nothing is claimed that it does not bear out."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days, hours
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.errors import WindowTooWide
from seatkeeper.model import CoverageState, Instant, Stretch, to_instant
from seatkeeper.services.applications import find_application
from seatkeeper.spans import Span
from seatkeeper.store.models import Coverage, Run, SignIn
from seatkeeper.sync import access, kept
from seatkeeper.sync.coverage import SignInCoverage, coverage_of
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("sqlite", "small_pages")


def found(tenant: Tenant) -> SignInCoverage:
    return coverage_of(find_application(tenant.who, tenant.name), tenant.clock())


def stretches(tenant: Tenant, state: CoverageState) -> list[Stretch]:
    return [part for part in found(tenant).stretches if part.state is state]


def not_kept(tenant: Tenant) -> list[Instant]:
    """When those sign-ins were that the vendor shows now and we had not read: found by reading everything once more."""
    before = set(SignIn.objects.values_list("event", flat=True))
    tenant.sync("access", full=True)
    return sorted(SignIn.objects.exclude(event__in=before).values_list("created", flat=True))


def note(tenant: Tenant) -> str:
    return Run.objects.latest("pk").message


def test_a_sign_in_that_is_later_than_any_before_does_not_tear_what_is_proven() -> None:
    with open_tenant(people=60, faults=["late=5m"]) as tenant:
        tenant.sync("access")
        latest: list[Instant] = []
        for how_late in ("24h", "24h", "5m", "24h"):
            tenant.move(days=1)
            tenant.sandbox.tenant.switch_on("late", how_late)
            tenant.sync("access")
            coverage = found(tenant)
            latest.append(coverage.lateness)
            (whole,) = coverage.proven
            assert whole.start <= tenant.clock() - days(30)
            assert tenant.clock() - coverage.lateness - hours(1) <= whole.end <= tenant.clock() - coverage.lateness
        assert latest[-1] > days(1)


@pytest.mark.parametrize(("keeps", "reach"), [("7", 7), ("3", 3)])
def test_nothing_is_claimed_of_time_that_the_log_does_not_keep(keeps: str, reach: int) -> None:
    with open_tenant(people=60, faults=[f"short-retention={keeps}"]) as tenant:
        tenant.sync()
        begin = tenant.clock() - days(reach)
        known = stretches(tenant, CoverageState.COMPLETE)
        assert begin <= known[0].start <= begin + days(1)
        (lost,) = stretches(tenant, CoverageState.LOST)
        assert (lost.start, lost.end) == (tenant.clock() - days(30), known[0].start)
        absent = [row for row in tenant.findings() if row["Finding"] in {"unused", "never-seen"}]
        assert absent
        assert all(to_instant(row["Observed Since"]) >= known[0].start for row in absent)


def test_time_that_the_log_kept_no_longer_when_we_came_back_is_lost_and_told() -> None:
    with open_tenant(people=60, faults=["short-retention=7"]) as tenant:
        tenant.sync()
        until = found(tenant).read_until
        tenant.move(days=12)
        tenant.sync("access")
        before, gap = stretches(tenant, CoverageState.LOST)
        assert before.end < gap.start == until
        assert tenant.clock() - days(7) <= gap.end <= tenant.clock() - days(6)
        tenant.move(days=1)
        tenant.sync("access")
        assert stretches(tenant, CoverageState.LOST)[-1] == gap


def test_a_log_that_grows_older_than_it_was_is_read_back_at_the_next_weekly_reading() -> None:
    with open_tenant(people=60, faults=["short-retention=2"]) as tenant:
        tenant.sync("access")
        tenant.sandbox.tenant.switch_off("short-retention")
        for _ in range(8):
            tenant.move(days=1)
            tenant.sync("access")
        (whole,) = found(tenant).proven
        assert whole.start <= tenant.clock() - days(29)


def test_a_log_without_any_sign_in_proves_nothing_and_the_run_says_so() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sandbox.tenant.log.keeps = 0
        (result,) = tenant.sync("access")
        assert (result.exit_code, found(tenant).proven) == (0, [])
        assert "holds no sign-in at all" in note(tenant)


@pytest.mark.parametrize("order", ["newest first", "oldest first"])
def test_where_the_log_begins_is_found_in_few_requests_whatever_its_order(order: str) -> None:
    class Log(MicrosoftConnector):
        asked = 0

        def __init__(self, events: list[Instant]) -> None:
            self.events = sorted(events, reverse=order == "newest first")

        def find_sign_in(self, start: Instant, end: Instant) -> Instant | None:
            self.asked += 1
            return next((each for each in self.events if start <= each <= end), None)

    now = days(20_000)
    for age in (0, 1, 5, 6.99, 7, 28.5, 29.5):
        log = Log([now - int(days(1) * part * age) for part in (1, 0.99, 0.5, 0.2)])
        begin, oldest = kept.find_begin(log, Span(now - days(30), now)), min(log.events)
        assert begin.end == now - days(30) if age > 29 else begin.start <= oldest <= begin.end <= begin.start + hours(1)
        assert log.asked <= 11
    empty = Log([])
    assert kept.find_begin(empty, Span(now - days(30), now)).end == now


def test_a_sign_in_that_comes_days_late_is_met_by_the_next_daily_run() -> None:
    with open_tenant(people=60, sign_ins=3000, faults=["late=5m"]) as tenant:
        tenant.sync("access")
        tenant.sandbox.tenant.switch_on("late", "days")
        for _ in range(6):
            tenant.move(days=1)
            tenant.sync("access")
        assert found(tenant).longest_late > days(2)
        assert min(not_kept(tenant), default=tenant.clock()) > tenant.clock() - days(2)


def test_what_is_read_each_day_for_late_ones_keeps_to_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "DOUBTED", 3)
    monkeypatch.setattr(MicrosoftConnector, "log", MicrosoftConnector.log._replace(page=50))  # as the small pages are
    with open_tenant(people=1500) as tenant:
        tenant.sync("access")
        asked: dict[int, int] = {}
        for budget in (0, 3):
            monkeypatch.setattr(access, "DOUBTED", budget)
            tenant.move(days=1)
            tenant.sync("access")
            asked[budget] = Run.objects.latest("pk").requests
        assert asked[0] < asked[3] <= asked[0] * 1.3 + 3 + 3


def test_a_run_each_hour_doubts_the_past_once_a_day() -> None:
    with open_tenant(people=60) as tenant:
        tenant.sync("access")
        doubted = []
        for _ in range(24):
            tenant.move(hours=1)
            tenant.sync("access")
            (first,) = Coverage.objects.filter(run=Run.objects.latest("pk")).order_by("start").values_list("start")[:1]
            doubted.append(first[0] < tenant.clock() - days(6))
        assert doubted.count(True) == 1


@pytest.mark.parametrize("widest", [hours(30), hours(7)])
def test_time_that_is_too_long_for_one_answer_is_looked_through_by_halves(widest: Instant) -> None:
    class Slow(MicrosoftConnector):
        def __init__(self, event: Instant) -> None:
            self.event = event

        def find_sign_in(self, start: Instant, end: Instant) -> Instant | None:
            if end - start > widest:
                raise WindowTooWide("Too long.")
            return self.event if start <= self.event <= end else None

    now = days(20_000)
    event = now - days(9)
    begin = kept.find_begin(Slow(event), Span(now - days(30), now))
    assert begin.start <= event <= begin.end <= begin.start + hours(1)
    assert kept.find_begin(Slow(now - days(29.2)), Span(now - days(30), now)).end == now - days(30)
