"""The arithmetic of Microsoft's limit on reading sign-ins, on figures that were worked out by hand."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days, seconds
from seatkeeper.connectors.feasibility import Rate, to_daily_load
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.spans import to_words

MILLION = 1_000_000


def a_day(sign_ins: int) -> Rate:
    return Rate(sign_ins, days(1))


def test_the_ceiling_is_five_pages_of_a_thousand_in_ten_seconds() -> None:
    assert LOG.ceiling == 43_200_000
    assert [LOG.to_requests(n) for n in (0, 1, 1000, 1001)] == [0, 1, 1, 2]


def test_ten_million_a_day_take_five_and_a_half_hours_a_pass_and_eleven_with_the_overlap() -> None:
    assert round(LOG.to_time(10 * MILLION) / seconds(3600), 1) == 5.6
    assert round(LOG.to_time(to_daily_load(a_day(10 * MILLION), LOG.lateness)) / seconds(3600), 1) == 11.1


def test_a_forecast_says_the_number_the_limit_and_both_times() -> None:
    words = LOG.forecast(a_day(12 * MILLION), LOG.lateness, exact=False)
    assert words.startswith("about 12,000,000 sign-ins a day")
    assert "43,200,000" in words
    assert "first read of 30 days takes 8 d 8 h" in words  # 360,000 requests
    assert words.endswith("a daily one with its overlap 13 h 20 min.")
    assert "about" not in LOG.forecast(a_day(12), LOG.lateness, exact=True)
    assert "fall behind" in LOG.forecast(a_day(22 * MILLION), LOG.lateness, exact=False)


def test_more_than_half_the_ceiling_is_too_much_because_each_day_is_read_twice() -> None:
    assert not LOG.is_too_much(a_day(21_600_000), LOG.lateness)
    assert LOG.is_too_much(a_day(21_600_001), LOG.lateness)
    assert LOG.is_too_much(a_day(11 * MILLION), 3 * LOG.lateness)
    assert LOG.falling_behind(a_day(21 * MILLION), LOG.lateness, 0) == ""


def test_falling_behind_tells_the_lag_in_hours_and_the_arithmetic() -> None:
    words = LOG.falling_behind(a_day(30 * MILLION), LOG.lateness, seconds(31 * 3600))
    for part in ("30,000,000 sign-ins a day", "60,000,000", "43,200,000", "complete up to 31 h ago"):
        assert part in words
    assert "Nothing is complete yet" in LOG.falling_behind(a_day(30 * MILLION), LOG.lateness, None)


def test_what_is_left_is_said_from_a_minute_on() -> None:
    # A day had 72,000: the nine days that are left have 648,000, at 500 a second.
    assert LOG.outlook(a_day(72_000), days(9)) == "About 648 requests are left, which take 21 min at 5 in 10 s."
    assert LOG.outlook(a_day(72_000), 0) == ""
    assert LOG.outlook(Rate(0, 0), days(9)) == ""


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 min"),
        (72 * 60, "1 h 12 min"),
        (6 * 3600, "6 h"),
        (25 * 3600 + 59, "1 d 1 h"),
        (86_400 + 60, "1 d"),
        (2000 * 86_400, "2,000 d"),
    ],
)
def test_lengths_of_time_in_words(length: int, words: str) -> None:
    assert to_words(seconds(length)) == words
