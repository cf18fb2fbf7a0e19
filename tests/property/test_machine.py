"""Anything, in any order: after each step every promise holds."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Database
from tests.property.machine import TAKEN, Machine
from tests.thorough import THOROUGH

STEPS = 50
EXAMPLES = 50 if THOROUGH else 3  # of each shard
SHARDS = 4 if THOROUGH else 1


def seeded(shard: int) -> Any:
    """The machine with the seed of a shard, which draws the same each time."""
    return seed(f"{connection.vendor} {shard}")(type("Seeded", (Machine,), {}))


def explore(machine: Any, examples: int, **more: Any) -> None:
    TAKEN.clear()
    rules = settings(
        max_examples=examples + 1,  # the first is always the simplest one: nothing but the first rule
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    run_state_machine_as_test(machine, settings=rules)


@pytest.mark.timeout(3600 if THOROUGH else 600)
@pytest.mark.parametrize(
    ("database", "shard"),
    [(engine, shard) for engine in ("sqlite", "postgres") for shard in range(SHARDS)],
    indirect=["database"],
)
def test_every_promise_holds_whatever_happens(
    database: Database, shard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    explore(Machine if THOROUGH else seeded(shard), EXAMPLES)  # a thorough run is another each time
    with capsys.disabled():
        sys.stdout.write(f"\n{database.engine}, {EXAMPLES} examples of {STEPS} steps: {dict(sorted(TAKEN.items()))}\n")
    assert TAKEN["kill"]
    assert TAKEN["complete"]
