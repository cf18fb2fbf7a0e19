"""Holds the fault catalogue against what really ran: a proof that did not pass is no proof.

`tests/conftest.py` takes the two hooks of pytest from here. Only a run of the whole suite is judged, and only where all
results come together.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.thorough import SUITE

CATALOGUE: Final = Path(__file__).parent / "faults.toml"
_outcomes: defaultdict[str, set[str]] = defaultdict(set)  # of each test without its parameters


def read_catalogue() -> dict[str, dict[str, Any]]:
    """The faults by their ids, in the order of the file."""
    return tomllib.loads(CATALOGUE.read_text())


def unproven(catalogue: Mapping[str, Mapping[str, Any]], outcomes: Mapping[str, Collection[str]]) -> Iterator[str]:
    """A sentence for each proof that did not pass with all its parameters; one that had to be skipped is no failure."""
    for fault, entry in catalogue.items():
        for test in entry.get("tests", ()):
            found = outcomes.get(test, set())
            if not found:
                yield f"{fault} ({entry['fault']}) is not proven: {test} did not run."
            elif "failed" in found:
                yield f"{fault} ({entry['fault']}) is not proven: {test} failed."


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        _outcomes[report.nodeid.partition("[")[0]].add(report.outcome)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole run that leaves a fault of the catalogue without its proof."""
    if hasattr(session.config, "workerinput") or not _is_whole(session.config):
        return
    told = list(unproven(read_catalogue(), _outcomes))
    for line in told:
        session.config.get_terminal_writer().line(line, red=True)
    if told and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_whole(config: pytest.Config) -> bool:
    """Nothing was named, filtered or left out, and the run was not cut short."""
    if SUITE:
        return False
    chosen = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "collectonly", "lf", "failedfirst", "maxfail")
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    return not named and not any(config.getoption(name, None) for name in chosen)
