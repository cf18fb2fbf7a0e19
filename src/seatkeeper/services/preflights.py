"""Authorize, for pages and REST: the checks are a job, and whoever waits for their end does so for a while only."""

from __future__ import annotations

from seatkeeper.jobs import preflights
from seatkeeper.jobs.preflights import Preflight
from seatkeeper.services import applications, waiting
from seatkeeper.services.applications import Which
from seatkeeper.services.members import May, Who


def begin(who: Who, which: Which) -> Preflight:
    """Begin the checks, or join those that are under way. Raises TooOften."""
    who.require(May.APPLICATIONS)
    application = applications.find_application(who, which)
    what = application.pk, applications.version_of(application)  # what was edited meanwhile is checked anew
    return preflights.begin(who.organization_id, what, lambda: applications.authorize(who, application.pk))


def wait(who: Who, which: Which, seconds: float) -> Preflight:
    """The checks when they have ended, or as far as they are after so many seconds. Raises TooOften."""
    who.require(May.APPLICATIONS)
    with waiting.place(who):
        preflight = begin(who, which)
        preflight.told = preflight.ended.wait(seconds)
    return preflight
