"""The whole door against the pretend tenant: nobody is missing and nobody is invented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from seatkeeper.errors import CredentialsRejected, PermissionMissing, PremiumRequired, Unavailable
from seatkeeper.graph.client import Client
from seatkeeper.graph.clouds import to_endpoints
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.pages import read_pages
from seatkeeper.graph.throttle import LocalPacer
from seatkeeper.graph.token import ClientSecret, TokenSource
from seatkeeper.model import Secret
from seatkeeper.sandbox.serve import Sandbox

from .conftest import QUICK

USERS, DELTA, SIGNINS = "/v1.0/users", "/v1.0/users/delta", "/v1.0/auditLogs/signIns"


class Thing(msgspec.Struct):
    id: str


@contextmanager
def connected(*faults: str, secret: str | None = None) -> Iterator[Client]:
    with Sandbox(people=250, days=3, seed=7, faults=faults) as tenant:
        endpoints = to_endpoints("global", tenant.login_url, tenant.graph_url, Path(tenant.ca_file).read_text())
        egress = Egress(endpoints)
        credential = ClientSecret(tenant.client_id, Secret(secret or tenant.client_secret))
        tokens = TokenSource(tenant.tenant_id, credential, endpoints, egress, retry=QUICK)
        yield Client(endpoints, tokens, egress, LocalPacer(), retry=QUICK)
        egress.close()


def read(client: Client, start: str, *, wants_delta: bool = False) -> list[str]:
    path = start.partition("?")[0]
    family = "reports" if path == SIGNINS else "directory"
    pages = list(read_pages(client, start, path=path, row=Thing, family=family, units=1, wants_delta=wants_delta))
    assert not any(page.bad for page in pages)
    return [thing.id for page in pages for thing in page.rows]


@pytest.mark.parametrize("fault", ["empty-page", "throttle"])
def test_every_way_to_the_people_finds_the_same_people(fault: str) -> None:
    with connected(fault) as client:
        small = read(client, f"{USERS}?$select=id&$top=50")
        large = read(client, f"{USERS}?$select=id&$top=999")
        changes = read(client, f"{DELTA}?$select=id", wants_delta=True)
        assert len(small) == len(set(small)) >= 250
        assert set(small) == set(large) == set(changes)
        assert read(client, f"{SIGNINS}?$top=1000")
        assert client.counters.throttled == 0


def test_what_the_tenant_refuses_is_told_by_its_name() -> None:
    with connected("no-premium") as client, pytest.raises(PremiumRequired):
        read(client, f"{SIGNINS}?$top=10")
    with connected("no-auditlog") as client, pytest.raises(PermissionMissing, match=r"AuditLog\.Read\.All"):
        read(client, f"{SIGNINS}?$top=10")
    with connected("server-error") as client, pytest.raises(Unavailable):
        read(client, USERS)
    with connected("secret-expired") as client, pytest.raises(CredentialsRejected, match="expired"):
        read(client, USERS)
    with connected(secret="wrong~Secret") as client, pytest.raises(CredentialsRejected, match="not its Secret ID"):
        read(client, USERS)
