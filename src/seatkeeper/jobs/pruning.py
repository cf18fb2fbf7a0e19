"""Prunes what is older than the settings say, for a while at a time; the next round goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import space
from seatkeeper.store.pruning import list_kinds

log = logging.getLogger("seatkeeper.jobs")

BUDGET: Final = 600.0  # seconds of a round
PAUSE: Final = 0.15  # seconds between two transactions: whoever waits for SQLite looks every 0.1 s, and comes first


def prune(
    clock: Clock = system_clock,
    tell: Callable[[str, int], None] | None = None,
    budget: float = BUDGET,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Delete what is too old, then give its space back; whether all was done within so many seconds."""
    end = time.monotonic() + budget
    for kind in list_kinds(SEATKEEPER.keep):
        if not kind.days:
            continue
        gone = 0
        for number in kind.steps(clock() - days(kind.days)):
            gone += number
            if stop() or time.monotonic() > end:
                break
            time.sleep(PAUSE)
        if gone:
            log.info("pruned %d of %s", gone, kind.name)
        if tell is not None:
            tell(kind.title, gone)
    while not stop() and time.monotonic() < end:
        if not space.give_back():
            return True
        time.sleep(PAUSE)
    return False
