"""The quick part of `make prove`: the same harness, in processes of its own, with smaller numbers.

In `make test` runs are killed at a few places and nowhere else; every other way to end them belongs to the proof.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from seatkeeper import failpoints
from tests.crash.children import STRACE
from tests.crash.mutants import MUTANTS
from tests.crash.power import CARELESS
from tests.crash.ways import failpoints as list_failpoints
from tests.thorough import in_turn

ROOT = Path(__file__).parent.parent.parent
PARTS = ("timed", "calls", "failpoints", "failpoints-postgres", "postgres", "stops", "sleepers", "disk", "power",
         "upgrades", "polite", "mutants")  # fmt: skip
needs_strace = pytest.mark.skipif(not STRACE, reason="NOT RUN: strace is missing (apt-get install strace)")
pytestmark = [pytest.mark.timeout(400), pytest.mark.deep]


def prove(*more: str, **wanted: int) -> dict[str, int]:
    """Run a part and nothing else; the kills of each line of its table, and those of each place."""
    numbers = [f"--{name}={wanted.get(name.replace('-', '_'), 0)}" for name in PARTS]
    command = [sys.executable, "-m", "tests.crash", *numbers, *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    table = re.findall(r"^(\S.{0,45}?) +(\d+) +\d+ / \d+ ", done.stdout, re.MULTILINE)
    places = re.findall(r"; ([^;]+) (\d+)(?=;|$)", done.stdout, re.MULTILINE)
    return {what: int(kills) for what, kills in table + places}


def test_kills_at_failpoints_lose_nothing_on_either_engine() -> None:
    """Three places in a short life; the others have their turn on the next days."""
    places = in_turn(list_failpoints(), 4)
    kills = prove("--short", "--places", *places, failpoints=1, failpoints_postgres=1)
    assert kills["SIGKILL at a failpoint, SQLite"] >= len(places)
    assert kills["SIGKILL at a failpoint, PostgreSQL"] >= len(places)


@pytest.mark.proof
def test_kills_at_random_times_lose_nothing() -> None:
    assert prove(timed=110)["SIGKILL at a random time, SQLite"] >= 100


@pytest.mark.proof
@needs_strace
def test_kills_at_system_calls_lose_nothing() -> None:
    assert prove(calls=75)["SIGKILL at the n-th system call, SQLite"] >= 60


@pytest.mark.proof
def test_a_killed_client_and_a_stopped_server_lose_nothing_on_postgresql() -> None:
    kills = prove(postgres=12, stops=4)
    assert kills["SIGKILL at a random time, PostgreSQL"]
    assert kills["server stopped at once, PostgreSQL"]


@pytest.mark.proof
def test_a_process_that_slept_beyond_its_lease_saves_nothing() -> None:
    kills = prove(sleepers=16)
    assert kills["asleep beyond the lease, SQLite"]
    assert kills["asleep beyond the lease, PostgreSQL"]
    assert any(place.endswith("ended by the server") for place in kills), "nobody slept inside a transaction"


@pytest.mark.proof
@needs_strace
def test_a_full_or_broken_disk_is_survived() -> None:
    assert prove(disk=16)["disk full or broken, SQLite"]


@pytest.mark.proof
@needs_strace
def test_a_power_cut_loses_nothing_that_was_committed() -> None:
    assert prove(power=10)["power lost, SQLite"] >= 10


@pytest.mark.proof
def test_a_start_that_is_killed_while_migrating_is_finished_by_the_next() -> None:
    kills = prove(upgrades=12)
    assert kills["SIGKILL while migrating, SQLite"] >= 12
    assert kills["SIGKILL while migrating, PostgreSQL"] >= 4


@pytest.mark.proof
def test_a_polite_stop_costs_nothing() -> None:
    assert prove(polite=10)["SIGTERM, SQLite"]


@pytest.mark.proof
def test_every_wrong_design_is_found() -> None:
    assert len([line for line in prove(mutants=1) if line.startswith("wrong design")]) == len(MUTANTS) + len(CARELESS)


@pytest.mark.parametrize("text", ["nonsense", "FP:x@0=kill", "FP:x=explode", "FP:x@1=kill; rm", "=kill"])
def test_a_failpoint_that_is_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not written like"):
        failpoints.arm(text)
    failpoints.reach("FP:x")


def test_a_failpoint_acts_at_its_nth_time_and_only_once() -> None:
    failpoints.arm("FP:before-commit@2=error")
    failpoints.reach("FP:before-commit")
    failpoints.reach("FP:after-commit")
    with pytest.raises(failpoints.Reached):
        failpoints.reach("FP:before-commit")
    failpoints.reach("FP:before-commit")
