"""The kinds of condition that somebody may want to be told of, and what one of them says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from seatkeeper.clock import days
from seatkeeper.model import Instant, to_text


class Kind(NamedTuple):
    """A kind of condition; `ending` is what is told when one of it is over, or empty for nothing."""

    key: str
    title: str
    ending: str = ""


KINDS: Final = (
    Kind("run-failed", "A run failed, was refused or waits for a decision", "A later run was complete."),
    Kind("overdue", "A task has not been run for too long", "It was run again."),
    Kind("zero-rows", "A full read brought no rows", "A later read brought rows."),
    Kind("quarantine", "Rows were not understood", "All rows are understood, or the vendor sends them no more."),
    Kind("gap", "Sign-ins were lost at the vendor"),
    Kind("secret-expires", "A secret or certificate expires", "Another credential is in use."),
    Kind("same-tenant", "Two applications read one tenant", "Each tenant is read once."),
    Kind("look-round", "A look round is forgotten within a day", "It is kept, or it is forgotten."),
    Kind("renewal", "A subscription renews or ends"),
    Kind("disk", "A disk is almost full", "There is room again."),
    Kind("backup", "A backup failed or is too old", "A backup was made and read back."),
    Kind("backup", "A backup failed or is too old", "A backup was made and read back."),
    Kind("findings", "New findings, once a day"),
)


class Condition(NamedTuple):
    """One thing that should be known; `level` grows as it becomes more urgent, and is told once more then."""

    key: str
    kind: str
    title: str
    body: str
    level: int = 0


def level_of(left: Instant, steps: Iterable[int]) -> int:
    """How many of the steps (days, descending) have been reached; 0 while none is."""
    return sum(left <= days(step) for step in steps)


def day_of(instant: Instant) -> str:
    """As a date (UTC)."""
    return to_text(instant)[:10]
