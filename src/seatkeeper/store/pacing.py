"""Microsoft's limit on reading sign-ins, kept by all processes together: 5 requests in 10 seconds a tenant.

A request counts from its answer on, for the reason told in graph/throttle.py. One that was never answered, because
its process died, counts for as long as an answer may take. The clock is this machine's; a clock that was set back
only makes us wait, never longer than one window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec
from django.db import transaction

from seatkeeper.clock import seconds, system_clock
from seatkeeper.graph.throttle import ACTIVITY, SHARED, LocalPacer
from seatkeeper.model import TICKS, Instant
from seatkeeper.store.models import RequestWindow

WINDOW: Final = seconds(10.1)  # the limit's ten seconds and a little for clocks that differ
UNANSWERED: Final = seconds(70)  # longer than a request may take
LIMITS: Final = 5, 122  # requests of one app in a window: in one tenant, and over all tenants
SLOW: Final = 2  # of them at most for what is of use but not urgent


class Sent(msgspec.Struct, array_like=True):
    """One request: when it was answered, or sent while `answered` is false; `ticket` is who sent it."""

    at: Instant
    answered: bool
    ticket: int
    slow: bool = False


_decode: Final = msgspec.json.Decoder(list[Sent]).decode
_encode: Final = msgspec.json.Encoder().encode


class SharedPacer:
    """The pacer of one app registration in one tenant. Directory reads stay within their limit in one process."""

    def __init__(self, client_id: str, tenant_id: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client_id = client_id
        self._tenants = tenant_id, ""
        self._sleep = sleep
        self._local = LocalPacer()
        self._ticket = time.time_ns()
        self._open: list[int] = []

    def take(self, family: str, units: int) -> None:
        """Block until the request may be sent."""
        if family not in SHARED:
            self._local.take(family, units)
            return
        while (wait := self._try(slow=family == ACTIVITY)) > 0:
            self._sleep(wait)

    def done(self, family: str) -> None:
        """The answer came, or the request failed: from now on it counts for one window."""
        if family not in SHARED:
            self._local.done(family)
        elif self._open:
            self._answered(self._open.pop(0))

    def _try(self, *, slow: bool) -> float:
        """0 when the request was let in under all limits, else seconds until it is worth asking again."""
        now = system_clock()
        with transaction.atomic():
            windows = self._lock()
            spent = [[sent for sent in _decode(w.spent) if _counts(sent, now)] for w in windows]
            waits = [_wait(some, limit, now) for some, limit in zip(spent, LIMITS, strict=True)]
            waits += [_wait([sent for sent in spent[0] if sent.slow], SLOW, now)] if slow else []
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


def _counts(sent: Sent, now: Instant) -> bool:
    """Whether a request still counts; one from the future was noted before the clock was set back."""
    age = abs(now - sent.at)
    return age < (WINDOW if sent.answered else UNANSWERED)


def _wait(some: list[Sent], limit: int, now: Instant) -> Instant:
    """Ticks until one more fits under the limit."""
    if len(some) < limit:
        return 0
    free = sorted(sent.at + (WINDOW if sent.answered else UNANSWERED) for sent in some)
    # An open request is answered at any moment: look again soon.
    soonest = free[len(some) - limit] - now
    return max(TICKS // 100, min(soonest, TICKS // 4 if any(not sent.answered for sent in some) else WINDOW))
