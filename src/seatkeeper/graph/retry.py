"""When to ask again: bounded in tries and in time, with jitter, and never earlier than the vendor wants."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import msgspec
import stamina

from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import SeatkeeperError, Throttled

T = TypeVar("T")


class Again(Exception):
    """A try that failed in a way that may pass. `wait` is what the vendor asked for in seconds, if it did.

    `tries` limits this kind of failure to fewer tries than others get.
    """

    def __init__(self, error: SeatkeeperError, wait: float | None = None, tries: int | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.tries = tries


class Retry(msgspec.Struct, frozen=True):
    """How patient one question is: `attempts` and `seconds` in all, `longest_wait` seconds for a pause."""

    attempts: int = 6
    seconds: float = 180
    longest_wait: float = 120
    first_wait: float = 0.5

    def run(self, attempt: Callable[[], T], waiting: Callable[[float], None] = lambda _: None) -> T:
        """The result of the first try that succeeds; `waiting` is told of each pause in seconds.

        Raises the error of the last try, or Throttled when the vendor asks for a longer pause than we may
        make.
        """
        started = time.monotonic()
        failed: Counter[type[SeatkeeperError]] = Counter()

        def pause(error: Exception) -> bool | float:
            if not isinstance(error, Again):
                return False
            kind = type(error.error)
            failed[kind] += 1
            # Exponential with jitter, or what the vendor asked for and a little more, to spread a herd.
            wait = min(30.0, self.first_wait * 2.0 ** (failed.total() - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
            if error.wait is not None and error.wait > wait:
                wait = error.wait + random.uniform(0.0, min(1.0, self.first_wait))  # noqa: S311
            used_up = failed[kind] >= (error.tries or self.attempts) or failed.total() >= self.attempts
            if used_up or wait > self.longest_wait or time.monotonic() + wait > started + self.seconds:
                return False
            waiting(wait)
            return wait

        try:
            for once in stamina.retry_context(on=pause, attempts=self.attempts, timeout=self.seconds):
                with once:
                    return attempt()
        except Again as last:
            if last.wait is None or last.wait <= self.longest_wait or isinstance(last.error, Throttled):
                raise last.error from None
            # A pause that is too long for a run is told with its end, so that the next run starts after it.
            until = system_clock() + seconds(min(last.wait, 30 * 86_400.0))
            words = "Microsoft asks us to come back later. The next run goes on from here."
            raise Throttled(words, until=until, detail=last.error.detail) from None
        raise AssertionError("unreachable: the last try returns or raises")
