"""The systemd units, as systemd itself reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .tools import DEPLOY, check, system_tool

UNITS = DEPLOY / "systemd"
PAGES, WORKER = UNITS / "seatkeeper.service", UNITS / "seatkeeper-worker@.service"
EXPOSURE = 15  # in tenths, of 100: systemd calls below 20 fine


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units on a machine on which the program stands where they look for it."""
    folder = shutil.copytree(UNITS, tmp_path / "units")
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        path.write_text(path.read_text().replace("/opt/seatkeeper/bin/seatkeeper", shutil.which("true") or ""))
    return folder


def test_systemd_finds_nothing_wrong_with_or_without_postgresql(installed: Path) -> None:
    verify = (system_tool("systemd-analyze"), "verify", "--man=no")
    check(*verify, installed / PAGES.name, installed / "seatkeeper-worker@1.service")
    shutil.rmtree(installed / "seatkeeper.service.d")
    check(*verify, installed / PAGES.name)


@pytest.mark.parametrize("unit", [PAGES, WORKER], ids=["pages", "worker"])
def test_a_process_that_is_taken_over_can_reach_little_else(unit: Path, tmp_path: Path) -> None:
    path = shutil.copy(unit, tmp_path / "one.service")  # a template cannot be looked at
    check(system_tool("systemd-analyze"), "security", "--offline=yes", f"--threshold={EXPOSURE}", path)


def test_the_two_differ_in_what_they_run_and_in_the_database_that_a_worker_needs() -> None:
    pages, worker = (set(path.read_text().splitlines()) for path in (PAGES, WORKER))
    assert {line.partition("=")[0] for line in pages - worker if "=" in line} == {"Description", "ExecStart"}
    added = {line for line in worker - pages if line.startswith(("Environment", "Load"))}
    assert added <= set((UNITS / "seatkeeper.service.d/postgresql.conf").read_text().splitlines())
    assert len(added) == 2


def test_what_is_read_in_a_process_of_its_own_may_still_be_limited_there() -> None:
    """`apart.py` sets limits and its niceness: a filter without @resources would refuse that."""
    assert "SystemCallFilter=~@privileged\n" in PAGES.read_text()
