"""Authorize, for pages and REST: the checks are a job, and whoever waits for their end does so for a while only."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from seatkeeper.errors import TooOften
from seatkeeper.jobs import preflights
from seatkeeper.jobs.preflights import Preflight
from seatkeeper.services import applications
from seatkeeper.services.applications import Which
from seatkeeper.services.members import May, Who

WAITING: Final = 6  # callers, each of whom holds a thread of the pages
WAITING_OF_ONE: Final = 2  # organization

_waiting: Final = Counter[int]()
_lock: Final = threading.Lock()


def begin(who: Who, which: Which) -> Preflight:
    """Begin the checks, or join those that are under way. Raises TooOften."""
    who.require(May.APPLICATIONS)
    application = applications.find_application(who, which)
    what = application.pk, applications.version_of(application)  # what was edited meanwhile is checked anew
    return preflights.begin(who.organization_id, what, lambda: applications.authorize(who, application.pk))


def wait(who: Who, which: Which, seconds: float) -> Preflight:
    """The checks when they have ended, or as far as they are after so many seconds. Raises TooOften."""
    who.require(May.APPLICATIONS)
    with _lock:
        if _waiting[who.organization_id] >= WAITING_OF_ONE or _waiting.total() >= WAITING:
            raise TooOften("Others wait for the vendor already. Try again in a minute.", retry_after=60)
        _waiting[who.organization_id] += 1
    try:
        preflight = begin(who, which)
        preflight.told = preflight.ended.wait(seconds)
    finally:
        with _lock:
            _waiting[who.organization_id] -= 1
    return preflight
