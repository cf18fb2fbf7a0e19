"""The quick part of `python -m tests.insights_truth`: the same comparison over fewer tenants, on both engines."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.insights_truth.compare import UNNEEDED
from tests.insights_truth.life import live, live_by_reports
from tests.insights_truth.mutants import MUTANTS, REACHED, SHORT_LOG
from tests.insights_truth.unneeded import MUTANTS as MISREADINGS
from tests.thorough import in_turn

TELLING = (5, 3)  # between them, these tenants find every mutant but one
SHORT = 11  # the log keeps 7 days, and our clock is late


@pytest.mark.parametrize("seed", in_turn([5, 31], 2))  # 31: somebody who had given the seat back before leaving
def test_every_finding_of_sixty_days_is_true_and_none_is_missing(database: Database, seed: int) -> None:
    tally = live(seed, 60)
    assert tally.wrong == []
    assert (tally.used, tally.unread) == (0, 0)
    assert tally.right.total() > 300, "there was little to find"


@pytest.mark.parametrize("seed", in_turn([6, 8], 2))  # 6: somebody with Pro and the add-on that stands on it
def test_every_finding_about_power_bi_and_dynamics_added_later_is_true_and_none_is_missing(
    database: Database, seed: int
) -> None:
    tally = live(seed, 25, everything=True)
    assert tally.wrong == []
    assert (tally.used, tally.unread) == (0, 0)
    assert min(tally.right[key] for key in ("never-seen", "two-plans", "other-product")) > 5
    assert tally.right.total() > 300, "there was little to find"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", in_turn([4, SHORT, 2], 1))
def test_where_the_vendor_has_every_bad_habit_nothing_wrong_is_said_and_no_decision_is_lost(
    database: Database, seed: int
) -> None:
    tally = live(seed, 40, worst=True)
    assert tally.wrong == []
    assert (tally.used, tally.unread) == (0, 0)
    assert tally.decisions


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mutant", in_turn(sorted(MUTANTS), 3))  # odd: the engines take turns by two, too
def test_an_insight_that_is_wrong_on_purpose_is_found(database: Database, mutant: str) -> None:
    worst, everything = mutant == SHORT_LOG, mutant == REACHED
    seeds = (SHORT,) if worst else TELLING
    assert any(live(seed, 60, mutant, worst=worst, everything=everything).wrong for seed in seeds)


@pytest.mark.parametrize("seed", in_turn([1, 2], 1))
def test_of_licences_that_are_more_than_is_needed_all_is_said_that_reports_show_and_nothing_else(
    database: Database, seed: int
) -> None:
    tally = live_by_reports(seed, 8)
    assert tally.wrong == []
    assert all(tally.right[key] > 2 for key in UNNEEDED), tally.right  # few shared mailboxes are large
    assert all(0 < tally.so[key] <= tally.right[key] for key in UNNEEDED)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mutant", in_turn(sorted(MISREADINGS), 1))
def test_reports_that_are_read_wrongly_on_purpose_are_found(database: Database, mutant: str) -> None:
    assert live_by_reports(1, 30, mutant).wrong
