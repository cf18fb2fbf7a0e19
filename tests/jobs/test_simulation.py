"""A scheduler over months: no task falls silent and none is run twice at once, whatever clocks and processes do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from seatkeeper.clock import days, hours, seconds
from seatkeeper.jobs.schedule import Place, in_turn
from tests.thorough import THOROUGH

from .simulation import Simulation, Task, simulate

NOW = days(20_000)
LENGTH, TENANTS = (400, 200) if THOROUGH else (20, 40)


@pytest.mark.timeout(3600 if THOROUGH else 300)
def test_no_task_is_later_than_two_intervals_and_none_is_run_twice_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    figures = simulate(1, LENGTH, TENANTS)
    with capsys.disabled():
        sys.stdout.write(f"\n{LENGTH} days, {TENANTS} tenants: {figures}\n")
    assert figures.jumps
    assert figures.deaths + figures.freezes
    assert figures.twice == 0
    assert max(figures.worst, figures.worst_over_a_jump) <= 2
    assert figures.least >= 80


def test_two_tenants_that_are_always_due_do_not_keep_a_third_from_its_turn() -> None:
    simulation = Simulation(1, 0, 1)
    hogs = [Task(number, number % 2, number // 2, 2, hours(2)) for number in range(4)]
    simulation.tasks = [*hogs, Task(9, 2, 0, 4, seconds(60))]
    simulation.calm = True
    simulation.run(20)
    assert simulation.counts[9] >= 55  # of 120, though the two have twice the work that there is time for


def place(tenant: int, late: float, *, served: float | None = None, every: int = 24, asked: bool = False) -> Place:
    """Of a task that is due so many hours ago, of a tenant whose newest run began so many hours ago."""
    began = None if served is None else NOW - hours(served)
    return Place(tenant * 10 + every, tenant, 0, every, NOW - hours(late), asked, began)


def tenants(*places: Place, busy: Sequence[int] = ()) -> list[int]:
    return [one.connection_id for one in in_turn(places, busy, NOW)]


def test_what_has_waited_longest_in_its_intervals_is_first() -> None:
    assert tenants(place(1, 10, every=168), place(2, 5, every=4), place(3, 12)) == [2, 3, 1]


def test_what_somebody_asked_for_is_before_all_others() -> None:
    assert tenants(place(1, 100), place(2, 0, asked=True)) == [2, 1]


def test_a_tenant_that_was_served_while_another_waits_comes_after_it() -> None:
    hog, patient = place(1, 23, served=24), place(2, 1, served=40)
    assert tenants(hog, patient) == [1, 2]  # it began before the other waited
    assert tenants(place(1, 23, served=0.5), patient) == [2, 1]
    assert tenants(place(1, 23, served=0.5), patient, busy=[2]) == [1, 2]  # which is being run, and does not wait


def test_of_tenants_that_all_had_a_turn_the_one_that_had_it_longest_ago_is_first() -> None:
    assert tenants(place(1, 30, served=1), place(2, 20, served=2), place(3, 40, served=3)) == [3, 2, 1]


def test_a_turn_that_was_taken_in_the_future_counts_for_nothing() -> None:
    assert tenants(place(1, 2, served=-960), place(2, 1, served=30)) == [1, 2]
