"""A vendor's limit on requests, kept by all processes together.

A request counts from its answer on: the vendor counts when it receives, at a moment that we do not know but that lies
before the answer. One that was never answered, because its process died, counts for as long as an answer may take. The
clock is this machine's; a clock that was set back only makes us wait, never longer than one window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec
from django.db import transaction

from seatkeeper.clock import seconds, system_clock
from seatkeeper.model import TICKS, Instant, RequestLimit
from seatkeeper.store.models import RequestWindow

YIELD: Final = seconds(0.05)  # what can wait asks so much later for a place, and everything else comes before it


class Sent(msgspec.Struct, array_like=True):
    """One request: when it was answered, or sent while `answered` is false; `ticket` is who sent it."""

    at: Instant
    answered: bool
    ticket: int
    slow: bool = False


_decode: Final = msgspec.json.Decoder(list[Sent]).decode
_encode: Final = msgspec.json.Encoder().encode


class SharedPacer:
    """Keeps a limit for one client, in one tenant and over all tenants."""

    def __init__(
        self, client_id: str, tenant_id: str, limit: RequestLimit, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client_id = client_id
        self._tenants = tenant_id, ""
        self._limit = limit
        self._sleep = sleep
        self._ticket = time.time_ns()
        self._open: list[int] = []

    def take(self, *, slow: bool = False) -> None:
        """Block until the request may be sent; a `slow` one lets others go before it."""
        while (wait := self._try(slow=slow)) > 0:
            self._sleep(wait)

    def done(self) -> None:
        """The answer came, or the request failed: from now on it counts for one window."""
        if self._open:
            self._answered(self._open.pop(0))

    def _try(self, *, slow: bool) -> float:
        """0 when the request was let in under all limits, else seconds until it is worth asking again."""
        now, limit = system_clock(), self._limit
        as_of = now - YIELD if slow else now
        with transaction.atomic():
            windows = self._lock()
            # A request from the future was noted before the clock was set back.
            spent = [[sent for sent in _decode(w.spent) if abs(as_of - sent.at) < self._life(sent)] for w in windows]
            waits = [self._wait(spent[0], limit.in_tenant, as_of), self._wait(spent[1], limit.over_all, as_of)]
            mine = [sent for sent in spent[0] if sent.slow]
            if slow and len(mine) < len(spent[0]):  # few of them while anything else is asked
                waits.append(self._wait(mine, limit.slow, as_of))
            if max(waits) > 0:
                return max(waits) / TICKS
            self._ticket += 1
            for window, some in zip(windows, spent, strict=True):
                window.spent = _encode([*some, Sent(now, False, self._ticket, slow)]).decode()
                window.save(update_fields=["spent"])
        self._open.append(self._ticket)
        return 0.0

    def _answered(self, ticket: int) -> None:
        now = system_clock()
        with transaction.atomic():
            for window in self._lock():
                some = _decode(window.spent)
                for sent in some:
                    if sent.ticket == ticket:
                        sent.at, sent.answered = now, True
                window.spent = _encode(some).decode()
                window.save(update_fields=["spent"])

    def _lock(self) -> list[RequestWindow]:
        """Both windows, ours alone until the transaction ends; always in the same order."""
        for tenant_id in self._tenants:
            RequestWindow.objects.get_or_create(client_id=self._client_id, tenant_id=tenant_id)
        rows = RequestWindow.objects.select_for_update().filter(client_id=self._client_id, tenant_id__in=self._tenants)
        return list(rows.order_by("-tenant_id"))

    def _life(self, sent: Sent) -> Instant:
        return self._limit.window if sent.answered else self._limit.unanswered

    def _wait(self, some: list[Sent], most: int, now: Instant) -> Instant:
        """Ticks until one more fits under the limit."""
        if len(some) < most:
            return 0
        free = sorted(sent.at + self._life(sent) for sent in some)
        # An open request is answered at any moment: look again soon.
        soonest = free[len(some) - most] - now
        is_open = any(not sent.answered for sent in some)
        return max(TICKS // 100, min(soonest, TICKS // 4 if is_open else self._limit.window))
