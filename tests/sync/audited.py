"""A tenant that has an audit log, with what its records really say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from seatkeeper.graph import throttle
from seatkeeper.model import to_id, to_instant
from seatkeeper.sandbox.graph import audit_queries
from seatkeeper.sandbox.world.audited import Act
from seatkeeper.store.models import LastUse, Task
from seatkeeper.sync.searches import Checkpoint
from tests.people import Tenant, open_tenant

ALL = ("licenses", "roster", "audit-events")
POWER_BI = "power-bi"
Row = dict[str, Any]


@contextmanager
def opened(takes: int = 0, **changes: Any) -> Iterator[Tenant]:
    """A tenant whose searches take so many seconds."""
    with open_tenant(everything=True, **{"product": POWER_BI, "name": "Power BI", "tasks": ALL} | changes) as tenant:
        tenant.name = "Power BI"
        tenant.sandbox.tenant.permissions.add("AuditLogsQuery.Read.All")
        tenant.sandbox.tenant.search_seconds = takes
        yield tenant


def kept(used: str = POWER_BI) -> dict[str, int]:
    rows = LastUse.objects.filter(signal="audit-events", used=used)
    return {to_id(bytes(row.account)): row.last for row in rows}


def told(tenant: Tenant, product: str = POWER_BI) -> dict[str, int]:
    """The newest record of each, by what is true."""
    rows = tenant.sandbox.truth()["products"][product]["audited"]
    return {row["object_id"]: to_instant(row["last"]) for row in rows}


def posted(tenant: Tenant) -> list[str]:
    return [e["path"] for e in tenant.sandbox.ledger if e["method"] == "POST" and "auditLog" in e["path"]]


def checkpoint() -> Checkpoint:
    return msgspec.json.decode(Task.objects.get(key="audit-events").checkpoint or "{}", type=Checkpoint)


def rewrite(monkeypatch: pytest.MonkeyPatch, change: Callable[[Row], None]) -> None:
    plain = audit_queries.record_of

    def record_of(tenant: Any, act: Act) -> Row:
        row = plain(tenant, act)
        change(row)
        return row

    monkeypatch.setattr(audit_queries, "record_of", record_of)


def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking how far a search is does not wait."""
    monkeypatch.setattr(throttle, "_AUDIT_LOG", (throttle.POLL, 0.0))
