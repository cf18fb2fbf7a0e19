"""Anything, in any order: after each step every promise holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import stamina
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Database
from tests.property import THOROUGH
from tests.property.machine import TAKEN, Machine

EXAMPLES, STEPS = (200, 50) if THOROUGH else (20, 30)


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.mark.timeout(3600 if THOROUGH else 400)
def test_every_promise_holds_whatever_happens(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    TAKEN.clear()
    rules = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=rules)
    with capsys.disabled():
        sys.stdout.write(f"\n{database.engine}, {EXAMPLES} examples of {STEPS} steps: {dict(sorted(TAKEN.items()))}\n")
    assert TAKEN["kill"]
    assert TAKEN["complete"]
