"""How sure we are about the use of a seat, and for which stretch of time we may speak at all."""

from __future__ import annotations

import enum

from seatkeeper.insights.base import Holder, Picture
from seatkeeper.model import Evidence, Instant
from seatkeeper.spans import Span


class Activity(enum.StrEnum):
    """What may be said of a seat within the application's threshold."""

    ACTIVE = "active"
    POSSIBLY_ACTIVE = "possibly active"
    INACTIVE = "inactive"
    NEVER_SEEN = "never seen"
    NOT_OBSERVABLE = "not observable"


def grade(
    last_login: Instant | None, last_possible: Instant | None, observed: Span | None, active: Instant | None
) -> Evidence:
    """The best signal there is. Absence is evidence only inside proven coverage that reaches past the seat's start."""
    if last_login is not None:
        return Evidence.CONFIRMED
    if last_possible is not None:
        return Evidence.POSSIBLE
    if observed is None or (active is not None and active >= observed.end):
        return Evidence.NOT_OBSERVABLE
    return Evidence.NONE_SEEN


def observed_since(observed: Span | None) -> Instant | None:
    """From when on we would have seen a sign-in."""
    return observed.start if observed else None


def activity(holder: Holder, picture: Picture) -> Activity:
    """What may be said of a seat's use as of the end of proof; possible use within the threshold forbids "inactive".

    "Inactive" needs complete sign-ins over the whole threshold; "never seen" is said of the time since ours are.
    """
    since = picture.as_of - picture.threshold
    if holder.last_use is not None and holder.last_use >= since:
        return Activity.ACTIVE
    if holder.last_possible is not None and holder.last_possible >= since:
        return Activity.POSSIBLY_ACTIVE
    observed = picture.observed
    if observed is None or holder.evidence is Evidence.NOT_OBSERVABLE:
        return Activity.NOT_OBSERVABLE
    if holder.last_use is not None:
        return Activity.INACTIVE if observed.start <= max(since, holder.last_use) else Activity.NOT_OBSERVABLE
    return Activity.NEVER_SEEN


def is_settled(holder: Holder, picture: Picture) -> bool:
    """Whether the seat is so old that not having used it says anything."""
    return holder.active is None or picture.as_of - holder.active >= picture.grace


def sure_from(picture: Picture) -> Instant | None:
    """When a seat can first be called unused for the whole threshold, if nothing interrupts our reading."""
    return None if picture.observed is None else picture.observed.start + picture.threshold
