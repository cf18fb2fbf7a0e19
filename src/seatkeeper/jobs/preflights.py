"""Checks at the vendor beside the requests that ask for them: a silent vendor keeps no thread of the pages waiting.

They live in this process. One that is lost with it is asked for again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.db import connections

from seatkeeper.connectors.base import Check
from seatkeeper.errors import SeatkeeperError, TooOften

AT_ONCE: Final = 8
AT_ONCE_OF_ONE: Final = 2  # organization
LONGEST: Final = 120.0  # seconds; what is not checked by then is not checked
KEPT: Final = 60.0  # seconds that a result waits for somebody who came back for it


@dataclass
class Preflight:
    """What was found so far; `error` ended it, and `told` is whether somebody has seen the end of it."""

    organization_id: int
    checks: list[Check] = field(default_factory=list)
    error: SeatkeeperError | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    told: bool = False
    since: float = field(default_factory=time.monotonic)

    def is_over(self) -> bool:
        return self.ended.is_set() and (self.told or time.monotonic() - self.since > LONGEST + KEPT)


_known: Final[dict[tuple[int, str], Preflight]] = {}  # by application and its version
_lock: Final = threading.Lock()


def begin(organization_id: int, what: tuple[int, str], start: Callable[[], Iterator[Check]]) -> Preflight:
    """The checks of an application as it is now: those under way, those whose end nobody has seen, or new ones.

    `start` is called here, so that what it refuses is refused at once; what it returns is gone through in a thread.
    Raises TooOften while too many are under way.
    """
    with _lock:
        for key in [key for key, each in _known.items() if each.is_over()]:
            del _known[key]
        if what in _known:
            return _known[what]
        under_way = [each.organization_id for each in _known.values() if not each.ended.is_set()]
        if under_way.count(organization_id) >= AT_ONCE_OF_ONE or len(under_way) >= AT_ONCE:
            raise TooOften("Other checks at the vendor are under way. Try again in a minute.", retry_after=60)
        steps, preflight = start(), Preflight(organization_id)
        _known[what] = preflight
        threading.Thread(target=go_through, args=(preflight, steps), name="preflight", daemon=True).start()
        return preflight


def go_through(preflight: Preflight, steps: Iterator[Check]) -> None:
    """Check after check, until the last one or until it takes too long."""
    trouble: Check | None = Check("All was checked", False, "A fault of Seatkeeper's own; the server's log says more.")
    try:
        for check in steps:
            preflight.checks.append(check)
            if time.monotonic() - preflight.since > LONGEST:
                trouble = Check("All was checked", False, f"Not within {LONGEST:.0f} seconds: the vendor is too slow.")
                return
        trouble = None
    except SeatkeeperError as error:
        preflight.error, trouble = error, Check("The tenant can be reached", False, str(error))
    finally:
        if trouble is not None:
            preflight.checks.append(trouble)
        preflight.ended.set()
        connections.close_all()
