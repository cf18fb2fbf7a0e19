"""A tenant with all that can mislead an insight, in this very process: 60 days of it take seconds."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import formatdate

import httpx2
import msgspec
import pytest

from seatkeeper.clock import Clock
from seatkeeper.connectors.catalog import name_tasks
from seatkeeper.connectors.microsoft import connector, vendor
from seatkeeper.graph.egress import Answer
from seatkeeper.model import TICKS, Instant, to_instant
from seatkeeper.reporting import refresh
from seatkeeper.sandbox.app import App
from seatkeeper.sandbox.faults import FaultyTenant
from seatkeeper.sandbox.world.catalog import COPILOT, OFFICE, POWER_BI, PROJECT, SEEN, VISIO
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services.applications import NewApplication
from tests.conftest import forget_limits
from tests.property.source import HOST, NOW, call

PEOPLE = 120
# Tasks that tell of other products alone, or of more than the truth of findings counts as use.
OF_OTHERS = {"copilot-usage", "usage-reports", "audit-events", "activations", "mailboxes"}


class World:
    """The tenant of a seed, its clock, and how its application is set up and visited.

    With `reports`, what is not needed is looked for in it, by all of its reports.
    """

    def __init__(
        self, seed: int, days: int, *, worst: bool = False, everything: bool = False, reports: bool = False
    ) -> None:
        roll = random.Random(seed)
        settings = Settings(
            PEOPLE, 45, seed, NOW,
            churn=roll.uniform(10, 20), sign_ins=roll.choice((30, 60, 120, 400)), frozen=True,
            restless=roll.random() < 0.3, everything=everything or reports, more_people=reports,
        )  # fmt: skip
        self.seed, self.tenant, self.moved = seed, FaultyTenant(settings), 0
        self.tenant.log.late = roll.choices(("on", "all", "off"), (6, 3, 1))[0]
        self.tenant.keeps_deleted_seats = roll.random() < 0.3
        self.tenant.lapsed = frozenset({"PROJECT_P1"} if roll.random() < 0.2 else ())
        if worst:  # whatever is documented of the log and of clocks, at once
            self.tenant.log.restless = True
            self.tenant.log.late = roll.choice(("36h", "36h", "all", "days"))
            self.tenant.log.keeps = roll.choice((7, 30)) * DAY
        self.app, self.worst = App(self.tenant, HOST), worst
        ahead = roll.choice((-3, 0, 3)) * 3600 * TICKS if worst else 0
        self.our_clock: Clock = lambda: self.now + ahead  # perhaps wrong
        self.products: tuple[str, ...] = (*SEEN, VISIO, OFFICE, COPILOT) if everything else SEEN[:1]
        if reports:
            self.products = (PROJECT, VISIO, OFFICE, POWER_BI)
            self.tenant.permissions |= {"Reports.Read.All", "AuditLogsQuery.Read.All"}
            self.tenant.search_seconds = 0
        self.reports = reports
        self.added: dict[str, int] = {}  # products by how many readings there were before them
        self.threshold, self.grace = roll.choice((15, 30, 60)), roll.choice((0, 7, 30))
        self.visits = list(_visits(roll, days, gaps=0.5 if worst else 0.25))
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

    def name(self, product: str) -> str:
        return f"{product} {self.seed}"

    def read_for(self, product: str) -> tuple[int, ...]:
        """The moments at which everything that tells of the product was read."""
        return tuple(self.read[self.added[product] :])

    def new_application(self, product: str = PROJECT) -> NewApplication:
        self.added[product] = len(self.read)
        return NewApplication(
            product=product, name=self.name(product), tenant_id=self.tenant.tenant_id,
            client_id=self.tenant.client_id, secret=self.tenant.client_secret,
            login_url=f"https://{HOST}", graph_url=f"https://{HOST}", threshold_days=self.threshold,
            tasks=self._tasks(),
        )  # fmt: skip

    def _tasks(self) -> tuple[str, ...]:
        if self.reports:
            return tuple(key for key in name_tasks() if key != "copilot-usage")
        return tuple(key for key in name_tasks() if key not in OF_OTHERS) if self.in_tenant else ()


def _visits(roll: random.Random, days: int, gaps: float) -> Iterator[int]:
    """Seconds from each visit to the next: one to seven days, and in a share of the tenants once more than a month."""
    gap = roll.randrange(1, 6) if roll.random() < gaps else 0
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
        date = (b"date", formatdate(self.app.tenant.seconds, usegmt=True).encode())  # which its server would write
        return Answer(status, httpx2.Headers([*received, date]), content, time.monotonic())

    def close(self) -> None: ...


class Mannered(Wire):
    """Writes some ids in capitals and some times with an offset, as OData allows; another choice in each answer."""

    def __init__(self, app: App, seed: int) -> None:
        super().__init__(app)
        self.roll = random.Random(seed)

    def send(self, method: str, url: str | httpx2.URL, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        answer = super().send(method, url, headers, body)
        if "/v1.0/" not in str(url):
            return answer
        content = _ID.sub(lambda found: found[0].upper() if self.roll.random() < 0.2 else found[0], answer.body)
        return msgspec.structs.replace(answer, body=_TIME.sub(self._with_offset, content))

    def _with_offset(self, found: re.Match[bytes]) -> bytes:
        if self.roll.random() < 0.8:
            return found[0]
        hours = self.roll.randrange(-11, 13)
        local = datetime.fromisoformat(found[1].decode()) + timedelta(hours=hours)
        return b'"%b%b%b%02d:00"' % (local.isoformat().encode(), found[2], b"-" if hours < 0 else b"+", abs(hours))


_ID = re.compile(rb'"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"')
_TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)((?:\.\d+)?)Z"')


@contextmanager
def read_from(world: World) -> Iterator[pytest.MonkeyPatch]:
    """Our connections lead to this tenant, nobody waits for its limits, and its clock is everybody's."""
    original = refresh.refresh_application
    with pytest.MonkeyPatch.context() as patch:
        wire = Mannered(world.app, world.seed) if world.worst else Wire(world.app)
        patch.setattr(vendor, "Egress", lambda *_, **_named: wire)
        if world.worst:  # of a clock that is the system's, the vendor's Date corrects what is wrong
            patch.setattr(connector, "system_clock", world.our_clock)
        forget_limits(patch)
        patch.setattr(refresh, "refresh_application", lambda application, *_: original(application, world.clock))
        yield patch
