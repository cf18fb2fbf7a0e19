"""How far back the vendor's log of sign-ins really goes.

A log may keep less than its vendor says: Entra ID keeps 30 days with a premium licence and 7 without, and a tenant that
was just upgraded starts with what it had (entra-docs reference-reports-data-retention). Nothing in an answer tells; a
window from before the log's first day is simply empty, as if nobody had signed in. So the log is asked for anything.
"""

from __future__ import annotations

from typing import Final

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.connectors.base import Connector
from seatkeeper.errors import PageTokenExpired, Throttled, Unavailable, WindowTooWide
from seatkeeper.model import Instant
from seatkeeper.spans import Span

QUIET: Final = days(1)  # so long nobody at all may sign in to anything, without our thinking that the log begins there
NEAR: Final = seconds(3600)
NARROWEST: Final = seconds(60)  # no answer even for so short a time: the log does not answer at all
PATIENCE: Final = 3  # refusals of windows of one length after another
LONG_WAIT: Final = seconds(120)


def find_begin(connector: Connector, declared: Span) -> Span:
    """When the log begins: it holds nothing from before the start, and all from the end on; an hour lies between.

    `declared` is the time that the vendor says it keeps. One request where the log is as long as that, some ten where
    it is not. Raises what reading it raises.
    """
    start, end = declared
    if _find_any(connector, start, start + QUIET) is not None:
        return Span(start, start)
    empty, oldest = start + QUIET, end
    while oldest - empty > NEAR:
        middle = (empty + oldest) // 2
        found = _find_any(connector, empty, middle)
        if found is None:
            empty = middle
        else:
            oldest = found
    return Span(empty, oldest)


def check_width(vendor: str, window: Span, error: Exception) -> None:
    """Raises Unavailable for a window that was refused and cannot be narrower."""
    if window.end - window.start <= NARROWEST:
        raise Unavailable(
            f"{vendor} could not answer even for one minute of sign-ins; the next run goes on there"
        ) from error


def _find_any(connector: Connector, start: Instant, end: Instant, patience: int = PATIENCE) -> Instant | None:
    """When one of the sign-ins was; of a stretch that is too long for an answer, half by half."""
    try:
        return connector.find_sign_in(start, end)
    except Throttled as error:
        if not patience or error.until - system_clock() > LONG_WAIT:
            raise
        patience -= 1  # a window that is refused for ever passes when it is narrower; a long wait is a wait
    except (WindowTooWide, PageTokenExpired) as error:
        check_width(connector.vendor, Span(start, end), error)
    middle = (start + end) // 2
    older = _find_any(connector, start, middle, patience)
    return _find_any(connector, middle, end, patience) if older is None else older
