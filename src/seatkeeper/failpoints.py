"""Named places at which a test can end, stop or break this process; in every other process they do nothing.

`SEATKEEPER_FAILPOINT=FP:before-commit@3=kill` kills the process with SIGKILL when it comes to that place for the
third time. `stop` is SIGSTOP (somebody must continue it), `term` is a polite SIGTERM, `error` raises Reached.
"""

from __future__ import annotations

import os
import re
import signal
from typing import Final

VARIABLE: Final = "SEATKEEPER_FAILPOINT"
SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "term": signal.SIGTERM} if os.name == "posix" else {}
_WRITTEN: Final = re.compile(r"(?P<name>FP:[a-z-]+)(?:@(?P<hit>[1-9][0-9]{0,5}))?=(?P<act>kill|stop|term|error)")


class Reached(BaseException):
    """What a failpoint raises: like a kill, it is nobody's to catch."""


class _Armed:
    name = ""
    act = ""
    left = 0


def arm(text: str) -> None:
    """Set the one failpoint of this process; an empty text sets none. Raises ValueError for nonsense."""
    found = _WRITTEN.fullmatch(text)
    if text and not found:
        raise ValueError(f"{VARIABLE}: {text[:80]!r} is not written like FP:before-commit@3=kill")
    _Armed.name = found["name"] if found else ""
    _Armed.act = found["act"] if found else ""
    _Armed.left = int(found["hit"] or 1) if found else 0


def reach(name: str) -> None:
    """Called at each failpoint."""
    if _Armed.name == name:
        _act()


def _act() -> None:
    _Armed.left -= 1
    if _Armed.left:
        return
    name, act = _Armed.name, _Armed.act
    arm("")
    if act == "error":
        raise Reached(name)
    os.kill(os.getpid(), SIGNALS[act])


arm(os.environ.get(VARIABLE, ""))
