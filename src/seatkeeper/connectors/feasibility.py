"""What Microsoft's limit on reading sign-ins means in hours, before and while they are read. Arithmetic only.

Five requests in ten seconds with at most 1,000 sign-ins each: 43,200,000 a day, however fast everything else is.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from seatkeeper.clock import days, seconds
from seatkeeper.model import Instant
from seatkeeper.spans import RETENTION

REQUESTS: Final = 5
WINDOW: Final = seconds(10)
PAGE: Final = 1000
DAY: Final = days(1)
CEILING: Final = REQUESTS * PAGE * DAY // WINDOW  # sign-ins a day
ARITHMETIC: Final = f"Microsoft's limit is {CEILING:,} ({REQUESTS} requests of {PAGE:,} in 10 s)"


class Rate(NamedTuple):
    """So many sign-ins in a stretch of time."""

    sign_ins: int
    span: Instant

    @property
    def a_day(self) -> int:
        return round(self.sign_ins * DAY / max(self.span, seconds(1)))

    def within(self, span: Instant) -> int:
        """How many a stretch of such a length has."""
        return round(self.sign_ins * span / max(self.span, seconds(1)))


def to_requests(sign_ins: int) -> int:
    return -(-sign_ins // PAGE)


def to_time(sign_ins: int) -> Instant:
    """How long reading so many takes at the limit."""
    return to_requests(sign_ins) * WINDOW // REQUESTS


def to_daily_load(rate: Rate, lateness: Instant) -> int:
    """What a daily run reads: the day, and once more what may have come late."""
    return rate.within(DAY + lateness)


def is_too_much(rate: Rate, lateness: Instant) -> bool:
    """Whether more happens than daily runs can read."""
    return to_daily_load(rate, lateness) > CEILING


def forecast(rate: Rate, lateness: Instant, *, exact: bool) -> str:
    """What to expect of the reads to come, before the first."""
    first, daily = to_time(rate.within(RETENTION)), to_time(to_daily_load(rate, lateness))
    words = (
        f"{'' if exact else 'about '}{rate.a_day:,} sign-ins a day to these applications; {ARITHMETIC}. "
        f"The first read of 30 days takes {to_words(first)}, a daily one with its overlap {to_words(daily)}."
    )
    return f"{words} That is more than can be read: it will fall behind." if is_too_much(rate, lateness) else words


def outlook(rate: Rate, span: Instant) -> str:
    """What is left of a read after it has covered a part of its time; nothing when it is soon over."""
    sign_ins = rate.within(span)
    if to_time(sign_ins) < seconds(60):
        return ""
    return (
        f"About {to_requests(sign_ins):,} requests are left, which take {to_words(to_time(sign_ins))} "
        f"at {REQUESTS} in 10 s."
    )


def falling_behind(rate: Rate, lateness: Instant, lag: Instant | None) -> str:
    """Why daily runs cannot keep up, and how far behind they are; nothing when they can."""
    if not is_too_much(rate, lateness):
        return ""
    behind = (
        "Nothing is complete yet" if lag is None else f"Sign-ins are complete up to {lag / seconds(3600):,.0f} h ago"
    )
    return (
        f"Falling behind: about {rate.a_day:,} sign-ins a day, of which a daily run reads {to_words(DAY + lateness)} "
        f"because they come up to {to_words(lateness)} late: {to_daily_load(rate, lateness):,}. {ARITHMETIC}. {behind}."
    )


def to_words(span: Instant) -> str:
    """A length of time as people say it: its two largest units."""
    minutes = span // seconds(60)
    if minutes < 1:
        return "less than a minute"
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number:,} {unit}" for number, unit in parts[first : first + 2] if number)
