from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from seatkeeper.graph.client import Client
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.retry import Retry
from seatkeeper.graph.throttle import LocalPacer
from seatkeeper.graph.token import ClientSecret, TokenSource
from seatkeeper.model import Secret

from .vendor import TENANT, Vendor, serve

CANARY = "s3cr3t~Canary.Value"
QUICK = Retry(attempts=4, seconds=20, longest_wait=5, first_wait=0.01)


@dataclass
class Door:
    """Everything that is needed to ask, with the sign-in and the Graph server apart."""

    login: Vendor
    graph: Vendor
    twin: Vendor
    egress: Egress
    tokens: TokenSource
    client: Client


@pytest.fixture(scope="session")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Vendor]]:
    with serve(3, tmp_path_factory.mktemp("authority")) as vendors:
        yield vendors


@pytest.fixture
def vendors(_servers: list[Vendor]) -> list[Vendor]:
    """The sign-in server, the Graph server and their twin, which nobody may ever ask."""
    for vendor in _servers:
        vendor.reset()
    _servers[0].login()
    return _servers


@pytest.fixture
def make_egress(vendors: list[Vendor]) -> Iterator[Callable[..., Egress]]:
    made: list[Egress] = []

    def make(**options: float) -> Egress:
        made.append(Egress(vendors[0].endpoints(vendors[1]), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for egress in made:
        egress.close()


@pytest.fixture
def make_door(vendors: list[Vendor], make_egress: Callable[..., Egress]) -> Callable[..., Door]:
    login, graph, twin = vendors

    def make(retry: Retry = QUICK, **options: float) -> Door:
        egress = make_egress(**options)
        endpoints = login.endpoints(graph)
        tokens = TokenSource(TENANT, ClientSecret("client", Secret(CANARY)), endpoints, egress, retry=retry)
        client = Client(endpoints, tokens, egress, LocalPacer(), retry=retry)
        return Door(login, graph, twin, egress, tokens, client)

    return make


@pytest.fixture
def door(make_door: Callable[..., Door]) -> Door:
    return make_door()
