"""What a vendor's limit on reading sign-ins means in hours, before and while they are read. Arithmetic only."""

from __future__ import annotations

from typing import Final, NamedTuple

from seatkeeper.clock import days, seconds
from seatkeeper.model import Instant
from seatkeeper.spans import to_words

DAY: Final = days(1)
AFFORDABLE: Final = seconds(3600)


class Rate(NamedTuple):
    """So many sign-ins in a stretch of time."""

    sign_ins: int
    span: Instant

    @property
    def a_day(self) -> int:
        return round(self.sign_ins * DAY / max(self.span, seconds(1)))

    def span_of(self, sign_ins: int) -> Instant:
        """How long so many take to happen."""
        return self.span * sign_ins // max(self.sign_ins, 1)

    def within(self, span: Instant) -> int:
        """How many a stretch of such a length has."""
        return round(self.sign_ins * span / max(self.span, seconds(1)))


class SignInLog(NamedTuple):
    """A vendor's log of sign-ins: how long it keeps them, how late they may become visible, how fast they may be read.

    It keeps them for `retention`, but perhaps only `at_least` so long (sync/kept.py). So many `requests` are
    answered in a `window`, with at most `page` sign-ins each.
    """

    vendor: str
    retention: Instant
    at_least: Instant
    lateness: Instant
    requests: int
    window: Instant
    page: int

    @property
    def ceiling(self) -> int:
        """Sign-ins that can be read a day, however fast everything else is."""
        return self.requests * self.page * DAY // self.window

    @property
    def pace(self) -> str:
        return f"{self.requests} in {self.window // seconds(1)} s"

    @property
    def arithmetic(self) -> str:
        requests = f"{self.requests} requests of {self.page:,} in {self.window // seconds(1)} s"
        return f"{self.vendor}'s limit is {self.ceiling:,} ({requests})"

    def to_requests(self, sign_ins: int) -> int:
        return -(-sign_ins // self.page)

    def to_time(self, sign_ins: int) -> Instant:
        """How long reading so many takes at the limit."""
        return self.to_requests(sign_ins) * self.window // self.requests

    def is_too_much(self, rate: Rate, lateness: Instant) -> bool:
        """Whether more happens than daily runs can read."""
        return to_daily_load(rate, lateness) > self.ceiling

    def is_dear(self, rate: Rate, lateness: Instant) -> bool:
        """Whether a day's reading takes so long that somebody should want it."""
        return self.to_time(to_daily_load(rate, lateness)) > AFFORDABLE

    def forecast(self, rate: Rate, lateness: Instant, *, exact: bool) -> str:
        """What to expect of the reads to come, before the first."""
        first, daily = self.to_time(rate.within(self.retention)), self.to_time(to_daily_load(rate, lateness))
        words = (
            f"{'' if exact else 'about '}{rate.a_day:,} sign-ins a day to these applications; {self.arithmetic}. "
            f"The first read of {self.retention // DAY} days takes {to_words(first)}, a daily one with its overlap "
            f"{to_words(daily)}."
        )
        too_much = self.is_too_much(rate, lateness)
        return f"{words} That is more than can be read: it will fall behind." if too_much else words

    def outlook(self, rate: Rate, span: Instant) -> str:
        """What is left of a read after it has covered a part of its time; nothing when it is soon over."""
        sign_ins = rate.within(span)
        if self.to_time(sign_ins) < seconds(60):
            return ""
        left = f"About {self.to_requests(sign_ins):,} requests are left, which take {to_words(self.to_time(sign_ins))}"
        return f"{left} at {self.pace}."

    def falling_behind(self, rate: Rate, lateness: Instant, lag: Instant | None) -> str:
        """Why daily runs cannot keep up, and how far behind they are; nothing when they can."""
        if not self.is_too_much(rate, lateness):
            return ""
        hours = "" if lag is None else f"{lag / seconds(3600):,.0f}"
        behind = f"Sign-ins are complete up to {hours} h ago" if hours else "Nothing is complete yet"
        return (
            f"Falling behind: about {rate.a_day:,} sign-ins a day, of which a daily run reads "
            f"{to_words(DAY + lateness)} because they come up to {to_words(lateness)} late: "
            f"{to_daily_load(rate, lateness):,}. {self.arithmetic}. {behind}."
        )


def to_daily_load(rate: Rate, lateness: Instant) -> int:
    """What a daily run reads: the day, and once more what may have come late."""
    return rate.within(DAY + lateness)
