"""Small pages and short waits, so that a small tenant has long lists and a stubborn fault costs little time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
import stamina
from pytest_django import DjangoDbBlocker

from seatkeeper.connectors.microsoft import vendor
from seatkeeper.graph.egress import Answer, Egress
from tests.conftest import connected


class SmallPages(Egress):
    """Our own door, which asks for less at once and waits less long for it."""

    def __init__(self, *endpoints: Any, **_: Any) -> None:
        super().__init__(*endpoints, deadline=1.3)

    def send(self, method: str, url: str | httpx2.URL, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        small = str(url).replace("$top=999", "$top=12").replace("$top=1000", "$top=50")
        return super().send(method, small, {"Prefer": "odata.maxpagesize=12", **headers}, body)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Retries happen, and nobody waits between them."""
    monkeypatch.setattr(vendor, "Egress", SmallPages)
    monkeypatch.setattr("seatkeeper.wire.CONNECT_SECONDS", 0.3)
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def sqlite(sqlite_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A fresh SQLite file as Django's default, where one engine is enough."""
    with django_db_blocker.unblock(), connected(sqlite_database):
        yield sqlite_database
