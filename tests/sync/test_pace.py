"""What people are told of the time that reading sign-ins takes: before, while and after."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days, seconds
from seatkeeper.connectors.microsoft import access as microsoft
from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.services import applications, coverage, runs
from seatkeeper.store.models import Coverage, Run
from seatkeeper.sync import access
from tests.people import Quiet, Tenant, compare_with_truth, open_tenant

pytestmark = pytest.mark.usefixtures("database")
TITLE = "Sign-ins can be read in time"


def forecast(tenant: Tenant) -> tuple[bool | None, str]:
    (found,) = [check for check in applications.authorize(tenant.who, tenant.name) if check.title == TITLE]
    return found.passed, found.message


def test_the_preflight_counts_the_sign_ins_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant(people=1200) as tenant:
        passed, exact = forecast(tenant)
        assert passed
        number = int(exact.partition(" ")[0].replace(",", ""))
        assert number > 20
        monkeypatch.setattr(
            microsoft, "LOG", microsoft.LOG._replace(page=number // 2)
        )  # as if there were more than one page
        passed, estimate = forecast(tenant)
        assert passed
        assert estimate.startswith("about ")
        guess = int(estimate.split()[1].replace(",", ""))
        assert number / 4 < guess < number * 4
        tenant.sandbox.tenant.switch_on("no-premium")
        assert TITLE not in [check.title for check in applications.authorize(tenant.who, tenant.name)]


class Listening(Quiet):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def tell(self, run: Run, *_: object) -> None:  # type: ignore[override]
        self.heard.append(run.message)


def test_a_long_read_says_what_is_left_and_the_words_go_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = microsoft.LOG._replace(window=seconds(10_000))  # so that a small tenant needs hours
    monkeypatch.setattr(MicrosoftConnector, "log", slow)
    listening = Listening()
    with open_tenant(people=1200) as tenant:
        request = runs.SyncRequest(tenant.name, ["access"])
        (result,) = runs.sync(tenant.who, request, listening, clock=tenant.clock)
        assert listening.heard[0].startswith("About ")
        assert "requests are left" in listening.heard[0]
        assert listening.heard[-1] == ""
        assert result.message == ""


def test_a_tenant_that_makes_more_than_can_be_read_is_said_to_fall_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tenant(people=250) as tenant:
        tenant.sync("access")
        tenant.move(hours=26)
        three_a_day = microsoft.LOG._replace(requests=1, window=days(1000) // 3)
        monkeypatch.setattr(MicrosoftConnector, "log", three_a_day)
        (result,) = tenant.sync("access")
        assert result.message.startswith("Falling behind: about ")
        assert "complete up to 24 h ago" in result.message
        assert result.exit_code == 0


def lag(tenant: Tenant) -> str:
    found = coverage.sign_in_coverage(tenant.who, tenant.name, tenant.clock)
    return coverage.lag_in_words(found, tenant.clock())


def test_the_lag_is_told_with_what_is_provisional() -> None:
    with open_tenant(people=60) as tenant:
        assert lag(tenant) == "no stretch of sign-ins is complete yet"
        tenant.sync("access")
        tenant.move(hours=1.2)
        assert lag(tenant) == (
            "complete up to 2026-07-31 06:00, 1 d 1 h ago; "
            "provisional since then, up to 2026-08-01 06:00, 1 h 12 min ago"
        )


@pytest.fixture
def _five_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page of five sign-ins makes a window that is neither too wide nor too narrow."""
    five = microsoft.LOG._replace(page=5)
    monkeypatch.setattr(microsoft, "LOG", five)
    monkeypatch.setattr(MicrosoftConnector, "log", five)
    for name, number in (("FEW_PAGES", 1), ("MANY_PAGES", 2), ("TELLING", 0.6), ("TOO_MANY_PAGES", 2)):
        monkeypatch.setattr(access, name, number)


@pytest.mark.usefixtures("_five_fit")
def test_a_day_that_promises_too_many_sign_ins_is_read_in_narrower_windows() -> None:
    """A kill costs a window. What was read of the one that was given up is neither lost nor there twice."""
    with open_tenant() as tenant:
        (result,) = tenant.sync("access")
        assert result.exit_code == 0
        spans = sorted(Coverage.objects.values_list("start", "end"))
        assert max(end - start for start, end in spans) < days(1)
        assert [begin for begin, _ in spans[1:]] == [end for _, end in spans[:-1]]  # they tile
        tenant.sync("licenses", "roster")
        assert compare_with_truth(tenant) == []


@pytest.mark.usefixtures("_five_fit")
def test_a_log_that_is_told_oldest_first_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = microsoft.to_questions
    monkeypatch.setattr(
        microsoft, "to_questions", lambda *which: [f"{one}&$orderby=createdDateTime asc" for one in ask(*which)]
    )
    with open_tenant() as tenant:
        (result,) = tenant.sync("access")
        assert result.exit_code == 0
        assert max(Coverage.objects.values_list("end", flat=True)) - min(
            Coverage.objects.values_list("start", flat=True)
        ) == days(30)
        tenant.sync("licenses", "roster")
        assert compare_with_truth(tenant) == []
