"""How sure we are about the use of a seat, and for which stretch of time we may speak at all."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from seatkeeper.clock import days
from seatkeeper.insights.base import Ending, Holder, Sighting, Snapshot, newest
from seatkeeper.model import Evidence, Instant
from seatkeeper.spans import Span


class Activity(enum.StrEnum):
    """What may be said of a seat within the application's threshold; `field` is what counts it in a summary."""

    ACTIVE = "active"
    POSSIBLY_ACTIVE = "possibly active"
    INACTIVE = "inactive"
    NEVER_SEEN = "never seen"
    NOT_OBSERVABLE = "not observable"

    @property
    def field(self) -> str:
        return self.name.lower()


def grade(signals: Sequence[Sighting], observed: Span | None, active: Instant | None) -> Evidence:
    """The best signal there is. Absence is evidence only inside proven coverage that reaches past the seat's start."""
    if newest(signals, sure=True) is not None:
        return Evidence.CONFIRMED
    if newest(signals, sure=False) is not None:
        return Evidence.POSSIBLE
    if observed is None or (active is not None and active >= observed.end):
        return Evidence.NOT_OBSERVABLE
    return Evidence.NONE_SEEN


def observed_since(
    signals: Sequence[Sighting], observed: Span | None, bounded: Instant | None = None
) -> Instant | None:
    """From when on we would have seen a use.

    Whoever got in nowhere since a day has used nothing since: that reaches back further than our sign-ins, if it was
    known of a time that they cover. Of a product that no sign-in shows, nothing else is known (`bounded`).
    """
    begin = observed.start if observed else None
    edge = begin if observed else bounded
    bound = next((found for found in signals if found.bounds), None)
    if edge is None or bound is None or bound.last is None or bound.until is None or bound.until < edge:
        return begin
    return bound.last if begin is None else min(begin, bound.last)


def seat_observed_since(signals: Sequence[Sighting], since: Instant | None, active: Instant | None) -> Instant | None:
    """The same of a seat: not before it was given, unless its holder was seen before that."""
    seen = [found.last for found in signals if found.last is not None]
    if since is None or active is None or (seen and max(seen) < active):
        return since
    return max(since, active)


def activity(holder: Holder, snapshot: Snapshot) -> Activity:
    """What may be said of a seat's use as of the end of proof; possible use within the threshold forbids "inactive".

    "Inactive" is who used it, surely or possibly, but not within the threshold, of which everything must be known;
    "never seen" is said of the time since we know everything. Neither is said while the seat is new.
    """
    since = snapshot.as_of - snapshot.threshold
    if (use := holder.last_use) is not None and use >= since:
        return Activity.ACTIVE
    if (maybe := holder.last_maybe) is not None and maybe >= since:
        return Activity.POSSIBLY_ACTIVE
    known_since = observed_since(holder.signals, snapshot.observed, snapshot.bounded)
    if known_since is None or holder.evidence is Evidence.NOT_OBSERVABLE or not is_settled(holder, snapshot):
        return Activity.NOT_OBSERVABLE
    if holder.evidence is Evidence.NONE_SEEN:
        return Activity.NEVER_SEEN
    return Activity.INACTIVE if known_since <= since else Activity.NOT_OBSERVABLE


def is_settled(holder: Holder, snapshot: Snapshot) -> bool:
    """Whether the seat is so old that not having used it says anything."""
    return holder.active is None or snapshot.as_of - holder.active >= snapshot.grace


def is_known_twice(snapshot: Snapshot, since: Instant | None) -> bool:
    """Whether sign-ins without a prompt are complete, too, for all that is said of the time since then.

    The two kinds are read one after the other, so one may be known some hours further than the other.
    """
    silent = snapshot.silent
    return bool(silent and since is not None and silent.start <= since and silent.end >= snapshot.as_of - days(1))


def sure_from(snapshot: Snapshot) -> Instant | None:
    """When a seat can first be called unused for the whole threshold, if nothing interrupts our reading."""
    return None if snapshot.observed is None else snapshot.observed.start + snapshot.threshold


def end_of_absence(holder: Holder, snapshot: Snapshot, use: Instant | None) -> Ending:
    """A finding that says of a seat that it was not used is over when a newer use was seen; else proof is missing."""
    if activity(holder, snapshot) not in (Activity.ACTIVE, Activity.POSSIBLY_ACTIVE):
        return Ending(over=False, why="the sign-ins that are known do not reach far enough")
    if use is None or (holder.newest_use or 0) > use:
        return Ending(over=True, why="used again")
    return Ending(over=False, why="the threshold is longer than when this was found")
