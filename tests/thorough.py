"""How much of the suite runs: `make test` shows every rule once, `make test-deep` what takes longer to show.

`PROVE=1`, which `make prove` sets, runs both with every case, on both engines.

What the quick suite leaves out changes from day to day and comes round: in so many days every case has had its turn.
The report's first lines name the day; `SUITE_DAY=739219 make test` runs the same choice again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from zlib import crc32

import pytest

T = TypeVar("T")
ENGINES: Final = ("sqlite", "postgres")
THOROUGH: Final = bool(os.environ.get("PROVE"))
SUITE: Final = os.environ.get("SUITE", "")  # "quick" or "deep"; without it, both
# Kept in the environment, so that every worker chooses the same, also around midnight.
DAY: Final = int(os.environ.setdefault("SUITE_DAY", str(datetime.now(UTC).toordinal())))


def in_turn(cases: Sequence[T], days: int) -> Sequence[T]:
    """The cases whose turn it is today, of which `days` days show all; every case in a proof."""
    return cases if THOROUGH else cases[DAY % days :: days]


def pytest_report_header() -> str:
    if THOROUGH:
        return "every case (PROVE=1)"
    return f"{SUITE or 'quick and deep'}: SUITE_DAY={DAY} repeats this choice; `make prove` runs all"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the other half of the suite, the proofs, and the copies of tests for the engine whose turn it is not.

    What depends on an engine's own SQL, locks or schema is marked `both_engines` and runs on both each time.
    """
    if THOROUGH:
        return
    for item in items:
        if item.get_closest_marker("proof"):
            item.add_marker(pytest.mark.skip(reason="at length: make prove"))
    left = [item for item in items if _is_copy(item) or _is_of_the_other_half(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def _is_of_the_other_half(item: pytest.Item) -> bool:
    return ("quick" if item.get_closest_marker("deep") else "deep") == SUITE


def _is_copy(item: pytest.Item) -> bool:
    """Whether the other engine has the turn. Each test has turns of its own, so both engines are tested every day."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    engine = params.get("database") or params.get("engine")
    if engine not in ENGINES or item.get_closest_marker("both_engines"):
        return False
    turn = crc32(item.nodeid.replace(engine, "").encode()) + DAY
    return bool(engine != ENGINES[turn % 2])
