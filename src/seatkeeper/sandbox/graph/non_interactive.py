"""The sign-in log as beta serves it, with the non-interactive sign-ins that only beta shows."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import Final

from seatkeeper.sandbox.graph.rows import sign_in_rows
from seatkeeper.sandbox.world.background import background
from seatkeeper.sandbox.world.sign_ins import Window, ticks_of
from seatkeeper.sandbox.world.tenant import Tenant

KINDS: Final = ("interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity")


class BetaLog:
    """The sign-in log as beta serves it: the kinds of events that the filter asks for, and what kind each is."""

    def __init__(self, tenant: Tenant, kinds: frozenset[str]) -> None:
        self.tenant, self.kinds = tenant, kinds
        self.silent = background(tenant)

    def scan(
        self, window: Window, after: tuple[int, int] | None, now: int, *, newest: bool
    ) -> Iterator[tuple[int, int]]:
        """Events of the kinds in order of time; applications and managed identities have none here."""
        logs = [self.tenant.log] if "interactiveUser" in self.kinds else []
        if "nonInteractiveUser" in self.kinds:
            logs.append(self.silent)
        streams = [log.scan(window, after, now, newest=newest) for log in logs]
        return merge(*streams, key=lambda event: ticks_of(*event), reverse=newest)

    def row(self, day: int, value: int) -> bytes:
        """A row of v1.0 with the kind of event added."""
        row = sign_in_rows(self.tenant).row(day, value, self.tenant.seconds)
        if not self.silent.has(day, value):
            return row[:-1] + b',"signInEventTypes":["interactiveUser"]}'
        old, new = self.tenant.log.id_of(day, value).encode(), self.silent.id_of(day, value).encode()
        row = row.replace(old, new, 1).replace(b'"isInteractive":true', b'"isInteractive":false', 1)
        return row[:-1] + b',"signInEventTypes":["nonInteractiveUser"]}'
