"""The pretend tenant in a process of its own, with everything that is true in it down to the single event.

It lives on while its readers are killed. Its clock stands still until it is moved.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from seatkeeper.model import Instant, to_instant
from seatkeeper.sandbox.graph.rows import sign_in_rows
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.catalog import apps
from seatkeeper.sandbox.world.sign_ins import RETENTION, UNIT, app_of
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.sandbox.world.truth import truth

START = "2026-08-01T06:00:00Z"
DAY = 86_400
TICK = 10_000_000
SIGN_INS = 3_000  # in 30 days: a few pages
FORK = multiprocessing.get_context("fork")


class Event(NamedTuple):
    """A sign-in as the vendor would tell it, and whether it tells it by now."""

    id: str
    created: Instant
    account: str
    app: str
    error_code: int
    visible: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """What holds at one moment; `events` go back to the retention of the first moment, as ours must."""

    roster: list[dict[str, Any]]
    people: dict[str, str]  # object id to user principal name
    events: list[Event]
    assigned: dict[str, int]  # part number to seats


class World:
    """What a test says to the tenant's process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.ready: dict[str, str] = pipe.recv()
        self.moved = 0.0
        self._true: Truth | None = None

    def _ask(self, *question: Any) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()

    @property
    def now(self) -> Instant:
        return to_instant(START) + int(self.moved * 3600) * TICK

    def move(self, hours: float) -> None:
        self._ask("move", hours)
        self.moved += hours
        self._true = None

    def truth(self) -> Truth:
        """What holds now: the clock stands still, and so does the truth."""
        if self._true is None:
            self._true = self._ask("truth")
        return self._true


@contextmanager
def open_world(seed: int, people: int, *faults: str) -> Iterator[World]:
    """A tenant that is served until the block ends."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_live, args=(theirs, seed, people, faults), daemon=True)
    process.start()
    theirs.close()
    try:
        yield World(ours)
    finally:
        ours.send(("end",))
        ours.close()
        process.join(10)
        if process.is_alive():
            process.kill()


def _live(pipe: Connection, seed: int, people: int, faults: tuple[str, ...]) -> None:
    settings = Settings(people, 45, seed, START, churn=8.0, sign_ins=SIGN_INS, frozen=True)
    with Sandbox(settings=settings, faults=faults) as sandbox:
        begin = sandbox.tenant.seconds - RETENTION
        pipe.send(sandbox.ready())
        acts: dict[str, Callable[..., Any]] = {
            "move": lambda hours: sandbox.tenant.move(hours=hours),
            "truth": lambda: _truth(sandbox, begin),
        }
        while True:
            name, *values = pipe.recv()
            if name == "end":
                return
            pipe.send(acts[name](*values))


def _truth(sandbox: Sandbox, begin: int) -> Truth:
    tenant = sandbox.tenant
    with tenant.lock:
        now = tenant.tick()
        told = truth(tenant)
        people = {person.id: person.upn for person in tenant.directory.everybody(now)}
        return Truth(
            told["roster"], people, list(_events(sandbox, begin)), {k: v["assigned"] for k, v in told["seats"].items()}
        )


def _events(sandbox: Sandbox, begin: int) -> Iterator[Event]:
    """Every sign-in to the product since the beginning of our history, and whether the log shows it by now."""
    tenant = sandbox.tenant
    now = tenant.seconds
    graded = {code: app for code, app in enumerate(apps()) if app.grade() != "other"}
    mask = sum(1 << code for code in graded)
    for day in range(begin // DAY, now // DAY + 1):
        for value in tenant.log.day(day, mask):
            created = day * DAY + (value >> 30) // UNIT
            if begin <= created <= now:
                row = json.loads(sign_in_rows(tenant).row(day, value, tenant.seconds))
                yield Event(
                    row["id"],
                    to_instant(row["createdDateTime"]),
                    row["userId"] or "00000000-0000-0000-0000-000000000000",
                    graded[app_of(value)].id,
                    row["status"]["errorCode"],
                    # The log forgets after the retention; what was read before that is ours for good.
                    tenant.log.visible(day, value, max(min(now, created + RETENTION), created)),
                )
