"""When a task runs next, and whose turn it is: arithmetic over how it went so far, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from seatkeeper.clock import days, seconds
from seatkeeper.model import Instant, RunStatus

FIRST_RETRY: Final = seconds(15 * 60)
LONGEST_RETRY: Final = days(1)
WHEN_REFUSED: Final = days(1)  # somebody must act first: asking more often mends nothing
SPREAD: Final = 20  # the interval is up to a twentieth longer, by task, so that a thousand tenants never come at once


class History(NamedTuple):
    """How a task went so far, as the database knows it; `status` and `started` are the newest run's."""

    task_id: int
    every_hours: int
    failures: int = 0
    status: str | None = None
    started: Instant | None = None
    ended: Instant | None = None


def next_run(history: History, now: Instant) -> Instant | None:
    """The earliest moment for the next run; None while somebody has to decide about the last one.

    A moment is never further away than one wait from now, wherever a clock that was set wrong has put the last run; a
    run that began in the future was one by such a clock, and says nothing about when the task was really run.
    """
    if history.status == RunStatus.HELD:
        return None
    if history.started is None or history.started > now + _slack(history):
        return now
    # After trouble the wait begins where the trouble ended, not where the run began.
    in_trouble = history.status == RunStatus.REFUSED or history.failures > 0
    since = max(history.started, history.ended or 0) if in_trouble else history.started
    return min(since + _wait(history), now + _wait(history))


def is_impossible(history: History, due: Instant, now: Instant) -> bool:
    """Whether a stored moment is further away than any wait: a clock that was set wrong has noted it."""
    return due > now + _wait(history) + _slack(history)


def wait_after(failures: int) -> Instant:
    """How long to leave alone what has failed so many times in a row."""
    return min(FIRST_RETRY << min(max(failures, 1) - 1, 16), LONGEST_RETRY)


def _wait(history: History) -> Instant:
    if history.status == RunStatus.REFUSED:
        return WHEN_REFUSED
    if history.failures:
        return wait_after(history.failures)
    interval = seconds(history.every_hours * 3600)
    place = history.task_id * 618 % 1000  # far apart for neighbouring ids, and the same for ever
    return interval + interval * place // (1000 * SPREAD)


def _slack(history: History) -> Instant:
    """So far the clocks of two machines may differ before one of them is called wrong."""
    return seconds(min(3600, history.every_hours * 900))


class Place(NamedTuple):
    """A task in the queue; `rank` is its place in the catalogue, `served` when its tenant's newest run began."""

    task_id: int
    connection_id: int
    rank: int
    every_hours: int
    due: Instant
    asked: bool
    served: Instant | None


def in_turn(places: Sequence[Place], busy: Collection[int], now: Instant) -> list[Place]:
    """Whom to run first: what people asked for, then what has waited longest, in units of its interval.

    No tenant has a second turn while another one waits for its first: a tenant whose runs last as long as its interval
    would otherwise be due again whenever they end. Tenants in `busy` are being run, so they do not wait.
    """
    waiting_since: dict[int, Instant] = {}
    for place in places:
        if place.connection_id not in busy:
            waiting_since[place.connection_id] = min(place.due, waiting_since.get(place.connection_id, place.due))
    longest = sorted(waiting_since.items(), key=lambda item: item[1])[:2]

    def order(place: Place) -> tuple[bool, bool, Instant, int, int, int, Instant, int]:
        others = [due for connection, due in longest if connection != place.connection_id]
        served = place.served if place.served is not None and place.served <= now else 0
        had_a_turn = bool(others) and served > others[0]
        # By quarters of an interval: after an outage, tasks that build on each other still come in their order.
        late = 4 * (now - place.due) // seconds(place.every_hours * 3600)
        turn = served if had_a_turn else 0
        return not place.asked, had_a_turn, turn, -late, place.every_hours, place.rank, place.due, place.task_id

    return sorted(places, key=order)


def is_done(history: History, due: Instant, now: Instant) -> bool:
    """Whether a run ended by itself after the task was due: then nobody waits for another one."""
    ended_by_itself = history.status in (RunStatus.COMPLETE, RunStatus.HELD, RunStatus.REFUSED, RunStatus.FAILED)
    return ended_by_itself and due < (history.ended or 0) <= now
