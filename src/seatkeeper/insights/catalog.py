"""All insights, in the order in which their findings are shown: one a file in findings/."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from seatkeeper.insights import findings
from seatkeeper.insights.base import End, Finding, Insight, Snapshot, not_found

_MODULES: Final = [import_module(f"{findings.__name__}.{found.name}") for found in iter_modules(findings.__path__)]
INSIGHTS: Final[tuple[Insight, ...]] = tuple(
    sorted((module.INSIGHT for module in _MODULES), key=lambda insight: insight.place)
)
BY_KEY: Final = {insight.key: insight for insight in INSIGHTS}


def find_all(snapshot: Snapshot) -> list[Finding]:
    """Every finding of every insight, one insight after the other."""
    return [finding for insight in INSIGHTS for finding in insight.find(snapshot)]


def end_of(key: str) -> End:
    """What became of a finding of this insight that is not found any more, of somebody who still holds the seat."""
    return BY_KEY[key].end if key in BY_KEY else not_found
