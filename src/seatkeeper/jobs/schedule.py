"""When a task runs next: arithmetic over how it went so far, and nothing else."""

from __future__ import annotations

from typing import Final, NamedTuple

from seatkeeper.clock import days, seconds
from seatkeeper.model import Instant, Word

FIRST_RETRY: Final = seconds(15 * 60)
LONGEST_RETRY: Final = days(1)
WHEN_REFUSED: Final = days(1)  # somebody must act first: asking more often mends nothing
SPREAD: Final = 20  # the interval is up to a twentieth longer, by task, so that a thousand tenants never come at once


class History(NamedTuple):
    """How a task went so far, as the database knows it; `word` and `started` are the newest run's."""

    task_id: int
    every_hours: int
    failures: int = 0
    word: str | None = None
    started: Instant | None = None
    ended: Instant | None = None


def next_run(history: History, now: Instant) -> Instant | None:
    """The earliest moment for the next run; None while somebody has to decide about the last one.

    A moment is never further away than one wait from now, wherever a clock that was set wrong has put the last run.
    """
    if history.word == Word.HELD:
        return None
    if history.started is None:
        return now
    wait = _wait(history)
    return min(_since(history) + wait, now + wait)


def _since(history: History) -> Instant:
    """After trouble the wait begins where the trouble ended, not where the run began."""
    began = history.started or 0
    in_trouble = history.word == Word.REFUSED or history.failures > 0
    return max(began, history.ended or 0) if in_trouble else began


def _wait(history: History) -> Instant:
    if history.word == Word.REFUSED:
        return WHEN_REFUSED
    if history.failures:
        return min(FIRST_RETRY << min(history.failures - 1, 16), LONGEST_RETRY)
    interval = seconds(history.every_hours * 3600)
    return interval + interval * _place(history.task_id) // (1000 * SPREAD)


def _place(task_id: int) -> int:
    """0 to 999, far apart for neighbouring ids and the same for ever."""
    return task_id * 618 % 1000


def is_done(history: History, due: Instant, now: Instant) -> bool:
    """Whether a run ended by itself after the task was due: then nobody waits for another one."""
    ended_by_itself = history.word in (Word.COMPLETE, Word.HELD, Word.REFUSED, Word.FAILED)
    return ended_by_itself and due < (history.ended or 0) <= now
