"""How long each kind of data is kept, for whoever is at the machine: what is too old, and pruning it now."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.jobs import pruning
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import space
from seatkeeper.store.pruning import list_kinds
from seatkeeper.tabular.tables import Table


class Aged(NamedTuple):
    """A kind of data, for how many days it is kept (0 for ever), and how many rows are older."""

    kind: str
    days: int
    rows: int


def list_old(clock: Clock = system_clock) -> list[Aged]:
    return [
        Aged(kind.title, kind.days, kind.count(clock() - days(kind.days)) if kind.days else 0)
        for kind in list_kinds(SEATKEEPER.keep)
    ]


def to_table(rows: list[Aged]) -> Table:
    return Table(("Kind", "Days Kept", "Rows To Prune"), [tuple(row) for row in rows])


def prune(tell: Callable[[str, int], None], clock: Clock = system_clock) -> None:
    """All at once, in the same small steps as the scheduler."""
    pruning.prune(clock, tell, budget=float("inf"))


def rewrite() -> tuple[int, int] | None:
    """Write a SQLite file anew, and say how many bytes it had and has; None on PostgreSQL."""
    before = space.look()
    if before is None:
        return None
    space.rewrite()
    after = space.look()
    return before.size, after.size if after else 0
