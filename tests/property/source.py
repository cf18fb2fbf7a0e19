"""A small tenant in this very process, with small pages: thousands of runs a minute, and no network between.

Only the wire is left out. Requests, answers, tokens and the database are those of every other test.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from seatkeeper.connectors.microsoft import vendor
from seatkeeper.graph.egress import Answer
from seatkeeper.model import Instant, to_instant
from seatkeeper.sandbox.app import App
from seatkeeper.sandbox.faults import FaultyTenant
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services.applications import NewApplication
from seatkeeper.store import raw

HOST = "localhost:8443"
NOW = "2026-08-01T06:00:00Z"
HOUR = 3600 * 10_000_000
# Pages are made small, so that small tenants have many.
SMALLER = ((b"$top=999", b"$top=17"), (b"$top=1000", b"$top=25"))


class InProcess:
    """Stands in for the door's sender: hands a request to the tenant and its answer back."""

    def __init__(self, app: App) -> None:
        self.app = app

    def send(self, method: str, url: str | httpx2.URL, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        target = httpx2.URL(url)
        query = target.query
        for large, small in SMALLER:
            query = query.replace(large, small)
        fields = {"host": HOST, "prefer": "odata.maxpagesize=7", **{k.lower(): v for k, v in headers.items()}}
        scope = {
            "type": "http",
            "method": method,
            "scheme": "https",
            "path": target.path,
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }
        status, received, content = call(self.app, scope, body or b"")
        return Answer(status, httpx2.Headers(received), content, time.monotonic())

    def close(self) -> None: ...


def call(app: App, scope: dict[str, Any], body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """One request to an ASGI application that waits for nothing."""
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    work = app(scope, receive, send)
    try:
        work.__await__().send(None)
    except StopIteration:
        start = next(m for m in sent if m["type"] == "http.response.start")
        content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return start["status"], list(start["headers"]), content
    raise AssertionError("the tenant waits for something")


class Source:
    """The tenant and its clock, which stands still until it is moved."""

    def __init__(self, seed: int, people: int = 60, sign_ins: int = 120) -> None:
        settings = Settings(people, 45, seed, NOW, churn=60.0, sign_ins=sign_ins, frozen=True, copilot=True)
        self.seed, self.tenant, self.moved = seed, FaultyTenant(settings), 0
        self.tenant.permissions.add("Reports.Read.All")  # each task there is may run
        self.app = App(self.tenant, HOST)

    @property
    def now(self) -> Instant:
        return to_instant(NOW) + self.moved

    @property
    def clock(self) -> Callable[[], Instant]:
        return lambda: self.now

    def move(self, hours: int) -> None:
        self.tenant.move(hours=hours)
        self.moved += hours * HOUR

    def new_application(self, name: str) -> NewApplication:
        return NewApplication(
            product="microsoft-project",
            name=name,
            tenant_id=self.tenant.tenant_id,
            client_id=self.tenant.client_id,
            secret=self.tenant.client_secret,
            login_url=f"https://{HOST}",
            graph_url=f"https://{HOST}",
        )

    def get(self, link: str, token: str) -> dict[str, Any]:
        """An answer of Graph as JSON, for a reader that knows nothing of ours."""
        answer = InProcess(self.app).send("GET", link, {"authorization": f"Bearer {token}"})
        assert answer.status == 200, answer.body
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def token(self) -> str:
        form = (
            f"grant_type=client_credentials&client_id={self.tenant.client_id}&client_secret="
            f"{self.tenant.client_secret.replace('~', '%7E')}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        )
        url = f"https://{HOST}/{self.tenant.tenant_id}/oauth2/v2.0/token"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        found: str = json.loads(InProcess(self.app).send("POST", url, kind, form.encode()).body)["access_token"]
        return found


@contextmanager
def read_from(source: Source) -> Iterator[None]:
    """Our connections lead to this tenant, and nobody waits for its limits."""
    from tests.conftest import forget_limits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "Egress", lambda *_, **_named: InProcess(source.app))
        forget_limits(patch)
        yield


def empty_database() -> None:
    """As after the first start."""
    from django.apps import apps
    from django.db import transaction

    with transaction.atomic():
        for model in reversed(list(apps.get_app_config("store").get_models())):
            raw.run(f"DELETE FROM {model._meta.db_table}")
