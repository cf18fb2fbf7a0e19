"""How sure we are about the use of a seat, and for which stretch of time we may speak at all."""

from __future__ import annotations

import enum

from seatkeeper.insights.base import Holder, InTenant, Picture
from seatkeeper.model import Evidence, Instant
from seatkeeper.spans import LATENESS, Span


class Activity(enum.StrEnum):
    """What may be said of a seat within the application's threshold."""

    ACTIVE = "active"
    POSSIBLY_ACTIVE = "possibly active"
    INACTIVE = "inactive"
    NEVER_SEEN = "never seen"
    NOT_OBSERVABLE = "not observable"


def grade(
    last_use: Instant | None, last_maybe: Instant | None, observed: Span | None, active: Instant | None
) -> Evidence:
    """The best signal there is. Absence is evidence only inside proven coverage that reaches past the seat's start."""
    if last_use is not None:
        return Evidence.CONFIRMED
    if last_maybe is not None:
        return Evidence.POSSIBLE
    if observed is None or (active is not None and active >= observed.end):
        return Evidence.NOT_OBSERVABLE
    return Evidence.NONE_SEEN


def observed_since(observed: Span | None, in_tenant: InTenant | None = None) -> Instant | None:
    """From when on we would have seen a use.

    Whoever got in nowhere since a day has used nothing since: that reaches back further than our sign-ins, if it was
    known (as late as those) of a time that they cover.
    """
    if observed is None or in_tenant is None or in_tenant.read_at - LATENESS < observed.start:
        return observed.start if observed else None
    return min(observed.start, in_tenant.last)


def activity(holder: Holder, picture: Picture) -> Activity:
    """What may be said of a seat's use as of the end of proof; possible use within the threshold forbids "inactive".

    "Inactive" is who used it, surely or possibly, but not within the threshold, of which everything must be known;
    "never seen" is said of the time since we know everything.
    """
    since = picture.as_of - picture.threshold
    if holder.last_use is not None and holder.last_use >= since:
        return Activity.ACTIVE
    if holder.last_maybe is not None and holder.last_maybe >= since:
        return Activity.POSSIBLY_ACTIVE
    if holder.observed_since is None or holder.evidence is Evidence.NOT_OBSERVABLE:
        return Activity.NOT_OBSERVABLE
    if holder.evidence is Evidence.NONE_SEEN:
        return Activity.NEVER_SEEN
    return Activity.INACTIVE if holder.observed_since <= since else Activity.NOT_OBSERVABLE


def is_settled(holder: Holder, picture: Picture) -> bool:
    """Whether the seat is so old that not having used it says anything."""
    return holder.active is None or picture.as_of - holder.active >= picture.grace


def sure_from(picture: Picture) -> Instant | None:
    """When a seat can first be called unused for the whole threshold, if nothing interrupts our reading."""
    return None if picture.observed is None else picture.observed.start + picture.threshold
