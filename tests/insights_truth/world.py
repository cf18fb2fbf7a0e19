"""A tenant with all that can mislead an insight, in this very process: 60 days of it take seconds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx2
import pytest

from seatkeeper.connectors.catalog import TASKS
from seatkeeper.graph.egress import Answer
from seatkeeper.model import TICKS, Instant, to_instant
from seatkeeper.sandbox.app import App
from seatkeeper.sandbox.people import DAY
from seatkeeper.sandbox.tenant import Settings, Tenant
from seatkeeper.services import connections, drawing
from seatkeeper.services.applications import NewApplication
from tests.conftest import Unpaced
from tests.property.source import HOST, NOW, call

PEOPLE = 120


class World:
    """The tenant of a seed, its clock, and how its application is set up and visited."""

    def __init__(self, seed: int, days: int) -> None:
        roll = random.Random(seed)
        settings = Settings(
            PEOPLE, 45, seed, NOW,
            churn=roll.uniform(10, 20), sign_ins=roll.choice((30, 60, 120, 400)), frozen=True,
            restless=roll.random() < 0.3,
        )  # fmt: skip
        self.seed, self.tenant, self.moved = seed, Tenant(settings), 0
        self.tenant.log.late = roll.choices(("on", "all", "off"), (6, 3, 1))[0]
        self.tenant.keeps_deleted_seats = roll.random() < 0.3
        self.tenant.lapsed = frozenset({"PROJECT_P1"} if roll.random() < 0.2 else ())
        self.app = App(self.tenant, HOST)
        self.name = f"Project {seed}"
        self.threshold, self.grace = roll.choice((15, 30, 60)), roll.choice((0, 7, 30))
        self.visits = list(_visits(roll, days))
        self.in_tenant = roll.random() < 0.4  # whether it is read when accounts got in anywhere
        self.read: list[int] = []  # the moments at which everything was read

    @property
    def now(self) -> Instant:
        return to_instant(NOW) + self.moved

    @property
    def clock(self) -> Callable[[], Instant]:
        return lambda: self.now

    def move(self, seconds: int) -> None:
        self.tenant.move(seconds=seconds)
        self.moved += seconds * TICKS

    def new_application(self) -> NewApplication:
        return NewApplication(
            product="microsoft-project", name=self.name, tenant_id=self.tenant.tenant_id,
            client_id=self.tenant.client_id, secret=self.tenant.client_secret,
            login_url=f"https://{HOST}", graph_url=f"https://{HOST}", threshold_days=self.threshold,
            tasks=tuple(TASKS) if self.in_tenant else (),
        )  # fmt: skip


def _visits(roll: random.Random, days: int) -> Iterator[int]:
    """Seconds from each visit to the next: one to seven days, and in some tenants once more than a month."""
    gap = roll.randrange(1, 6) if roll.random() < 0.25 else 0
    left, number = days * DAY, 0
    while left > 0:
        number += 1
        step = roll.randrange(26 * DAY, 40 * DAY) if number == gap else roll.randrange(DAY, 7 * DAY)
        yield step
        left -= step


class Wire:
    """Stands in for the door's sender: hands a request to the tenant and its answer back."""

    def __init__(self, app: App) -> None:
        self.app = app

    def send(self, method: str, url: str | httpx2.URL, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        target = httpx2.URL(url)
        fields = {"host": HOST, **{name.lower(): value for name, value in headers.items()}}
        scope = {
            "type": "http", "method": method, "scheme": "https", "path": target.path, "query_string": target.query,
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }  # fmt: skip
        status, received, content = call(self.app, scope, body or b"")
        return Answer(status, httpx2.Headers(received), content, time.monotonic())

    def close(self) -> None: ...


@contextmanager
def read_from(world: World) -> Iterator[pytest.MonkeyPatch]:
    """Our connections lead to this tenant, nobody waits for its limits, and its clock is everybody's."""
    draw = drawing.draw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "Egress", lambda *_: Wire(world.app))
        patch.setattr(connections, "SharedPacer", Unpaced)
        patch.setattr(drawing, "draw", lambda application, *_: draw(application, world.clock))
        yield patch
