"""When a task runs next, over every history there can be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatkeeper.clock import days, seconds
from seatkeeper.jobs.schedule import History, is_done, next_run
from seatkeeper.model import RunStatus, to_instant

NOW = 17_000_000_000_000_000
HOUR = seconds(3600)


def history(
    word: RunStatus = RunStatus.COMPLETE, *, ago: int = 0, failures: int = 0, hours: int = 24, task: int = 1
) -> History:
    return History(task, hours, failures, word, NOW - ago, NOW - ago)


def test_a_task_that_never_ran_is_due_at_once() -> None:
    assert next_run(History(7, 24), NOW) == NOW


def test_a_complete_run_is_followed_by_the_next_a_day_later_and_a_little_by_task() -> None:
    moments = {next_run(history(task=task), NOW) for task in range(1, 101)}
    assert len(moments) > 90
    assert all(moment and NOW + 24 * HOUR <= moment <= NOW + 24 * HOUR * 21 // 20 for moment in moments)
    assert next_run(history(task=5), NOW) == next_run(history(task=5), NOW)


def test_the_interval_is_the_operators() -> None:
    moment = next_run(history(hours=4), NOW)
    assert moment is not None
    assert NOW + 4 * HOUR <= moment <= NOW + 5 * HOUR


def test_days_of_23_and_25_hours_of_the_machine_put_no_run_off(monkeypatch: pytest.MonkeyPatch) -> None:
    summer, winter = (to_instant(f"2026-{day}T00:30:00Z") for day in ("03-29", "10-25"))
    for began in (summer, winter):
        moments = set()
        for zone in ("UTC", "Europe/Berlin", "America/New_York"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            moments.add(next_run(History(1, 24, 0, RunStatus.COMPLETE, began, began), began + HOUR))
        (moment,) = moments
        assert moment is not None
        assert began + 24 * HOUR <= moment <= began + 26 * HOUR
    monkeypatch.undo()
    time.tzset()


def test_after_failures_the_wait_doubles_up_to_a_day() -> None:
    waits = [(next_run(history(RunStatus.FAILED, failures=n), NOW) or 0) - NOW for n in range(1, 12)]
    assert waits[:4] == [seconds(900), seconds(1800), seconds(3600), seconds(7200)]
    assert waits[-1] == days(1)
    assert waits == sorted(waits)


def test_a_refused_task_is_tried_once_a_day_even_when_it_is_scheduled_hourly() -> None:
    assert next_run(history(RunStatus.REFUSED, failures=1, hours=1), NOW) == NOW + days(1)


def test_a_held_task_waits_for_a_person() -> None:
    assert next_run(history(RunStatus.HELD, ago=days(40)), NOW) is None


@given(
    st.sampled_from([word for word in RunStatus if word is not RunStatus.HELD]),
    st.integers(-(10**18), 10**18),
    st.integers(0, 10**6),
    st.integers(1, 168),
    st.integers(1, 10**9),
)
def test_no_clock_however_wrong_puts_a_task_off_by_more_than_one_wait(
    word: RunStatus, ago: int, failures: int, hours: int, task: int
) -> None:
    moment = next_run(history(word, ago=ago, failures=failures, hours=hours, task=task), NOW)
    assert moment is not None
    assert moment <= NOW + max(days(1), hours * HOUR * 21 // 20)


@pytest.mark.parametrize(
    ("word", "ended", "done"),
    [
        (RunStatus.COMPLETE, 5, True),
        (RunStatus.FAILED, 5, True),
        (RunStatus.COMPLETE, -5, False),
        (RunStatus.INTERRUPTED, 5, False),
        (RunStatus.RUNNING, 5, False),
        (RunStatus.COMPLETE, 50, False),  # ended in the future: a clock was set wrong, and says nothing
    ],
)
def test_what_was_due_is_done_once_a_run_has_ended_by_itself_since(word: RunStatus, ended: int, *, done: bool) -> None:
    assert is_done(History(1, 24, 0, word, 0, NOW + ended), NOW, NOW + 10) is done
