"""The vendor's limits are kept, and its wish to be left alone is understood in every form."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatkeeper.graph.throttle import LocalPacer, to_units, to_usage_family, to_wait
from seatkeeper.model import to_instant

NOW = to_instant("2026-08-01T06:00:00Z")
ACTIVE_USERS = to_usage_family("/beta/reports/getOffice365ActiveUserDetail(period='D180')")


@pytest.mark.parametrize(
    ("values", "wait"),
    [
        ([], None),
        (["0"], 0),
        (["1"], 1),
        (["30"], 30),
        ([" 7 "], 7),
        (["3600"], 3600),
        (["1.5"], 1.5),
        (["-5"], 0),
        (["1000000000"], 1e9),
        (["10", "20"], 20),
        (["10, 20"], 20),
        (["soon", "20"], 20),
        (["Sat, 01 Aug 2026 06:00:30 GMT"], 30),
        (["Sat, 01 Aug 2026 05:00:00 GMT"], 0),
        (["Saturday, 01-Aug-26 06:00:30 GMT"], 30),
        (["soon"], None),
        ([""], None),
        (["inf"], None),
        (["nan"], None),
        (["1e400"], None),
        (["Sat, 99 Aug 2026 06:00:30 GMT"], None),
        (["٣"], 3),
    ],
)
def test_retry_after_is_read_in_all_its_forms(values: list[str], wait: float | None) -> None:
    headers = httpx2.Headers([(b"Retry-After", value.encode()) for value in values])
    assert to_wait(headers, NOW) == wait


def test_a_date_is_compared_with_the_servers_own_clock() -> None:
    headers = httpx2.Headers({"Retry-After": "Sat, 01 Aug 2026 06:00:30 GMT", "Date": "Sat, 01 Aug 2026 06:00:20 GMT"})
    assert to_wait(headers, to_instant("1999-01-01T00:00:00Z")) == 10


@given(st.lists(st.text()), st.text(), st.integers())
def test_no_text_breaks_the_reading(values: list[str], date: str, now: int) -> None:
    headers = httpx2.Headers(
        [
            *((b"retry-after", value.encode("utf-8", "surrogatepass")) for value in values),
            (b"date", date.encode("utf-8", "surrogatepass")),
        ]
    )
    wait = to_wait(headers, now)
    assert wait is None or 0 <= wait < float("inf")


@pytest.mark.parametrize(
    ("target", "units"),
    [
        ("/v1.0/users", 2),
        ("/v1.0/users?$select=id&$top=999", 1),
        ("/v1.0/users?$top=10", 1),
        ("/v1.0/users?%24top=999&%24select=id", 1),
        ("/v1.0/users/delta?$select=id", 1),
        ("/v1.0/users/delta", 2),
        ("/v1.0/users/8bd7cbe2", 1),
        ("/v1.0/subscribedSkus", 3),
        ("/v1.0/subscribedSkus?$select=skuId", 2),
        ("/v1.0/organization", 1),
        ("/v1.0/organization?$select=id&$top=1", 1),
    ],
)
def test_a_directory_request_costs_what_microsoft_says(target: str, units: int) -> None:
    assert to_units(target) == units


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(st.lists(st.floats(0, 15), min_size=1, max_size=40), st.integers(0, 2**32))
def test_the_server_never_gets_more_than_five_reports_in_ten_seconds(delays: list[float], split: int) -> None:
    clock = Clock()
    pacer = LocalPacer(clock=clock, sleep=clock.sleep)
    received: list[float] = []
    for number, delay in enumerate(delays):
        pacer.take("reports", 1)
        # The vendor counts at any moment between our sending and its answer.
        received.append(clock.now + delay * ((split >> number % 32) & 1))
        clock.now += delay
        pacer.done("reports")
    for first, sixth in zip(received, received[5:], strict=False):
        assert sixth - first >= 10


@given(st.lists(st.floats(0, 45), min_size=1, max_size=250))
def test_a_report_of_use_is_asked_no_more_than_a_hundred_times_in_ten_minutes(delays: list[float]) -> None:
    clock, longest = Clock(), 0.0
    pacer = LocalPacer(clock=clock, sleep=clock.sleep)
    sent: list[float] = []
    for delay in delays:
        before = clock.now
        pacer.take(ACTIVE_USERS, 1)
        sent.append(clock.now)
        longest = max(longest, clock.now - before)
        clock.now += delay
        pacer.done(ACTIVE_USERS)
    for first, later in zip(sent, sent[100:], strict=False):
        assert later - first >= 600
    assert longest < 31  # a run whose pauses are long looks stuck


def test_reports_are_not_slower_than_they_must_be() -> None:
    clock = Clock()
    pacer = LocalPacer(clock=clock, sleep=clock.sleep)
    for _ in range(50):
        pacer.take("reports", 1)
        clock.now += 0.1
        pacer.done("reports")
    assert clock.now - 1000 < 95


@given(st.lists(st.integers(1, 12_000), min_size=1, max_size=30))
def test_the_directory_never_gets_more_units_than_allowed(costs: list[int]) -> None:
    clock = Clock()
    pacer = LocalPacer(units=3_500, clock=clock, sleep=clock.sleep)
    received: list[tuple[float, int]] = []
    for cost in costs:
        pacer.take("directory", cost)
        received.append((clock.now, min(cost, 3_500)))
        pacer.done("directory")
    for at, _ in received:
        assert sum(cost for when, cost in received if at <= when < at + 10) <= 3_500


def test_the_two_families_do_not_wait_for_each_other() -> None:
    clock = Clock()
    pacer = LocalPacer(clock=clock, sleep=clock.sleep)
    for _ in range(5):
        pacer.take("reports", 1)
        pacer.done("reports")
    pacer.take("directory", 2)
    assert clock.now == 1000


def test_a_report_of_use_does_not_wait_for_another() -> None:
    clock = Clock()
    pacer = LocalPacer(clock=clock, sleep=clock.sleep)
    other = to_usage_family("/beta/reports/getM365AppUserDetail(period='D180')")
    for _ in range(5):
        pacer.take(ACTIVE_USERS, 1)
        pacer.done(ACTIVE_USERS)
    pacer.take(other, 1)
    assert clock.now == 1000
    pacer.take(to_usage_family("/beta/reports/GETOFFICE365activeuserdetail(period='D7')"), 1)  # the same function
    assert clock.now > 1000


def test_an_unknown_family_is_a_bug() -> None:
    with pytest.raises(KeyError):
        LocalPacer().take("other", 1)
