"""The quick part of `python -m tests.insights_truth`: the same comparison over fewer tenants, on both engines."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.insights_truth.life import live
from tests.insights_truth.mutants import MUTANTS

TELLING = (5, 3)  # between them, these tenants find every mutant


@pytest.mark.parametrize("seed", [5, 31])  # 31: somebody who had given the seat back before leaving
def test_every_finding_of_sixty_days_is_true_and_none_is_missing(database: Database, seed: int) -> None:
    tally = live(seed, 60)
    assert tally.wrong == []
    assert (tally.used, tally.unread) == (0, 0)
    assert tally.right.total() > 300, "there was little to find"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_an_insight_that_is_wrong_on_purpose_is_found(database: Database, mutant: str) -> None:
    assert any(live(seed, 60, mutant).wrong for seed in TELLING)
