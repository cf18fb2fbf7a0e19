from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings

from .client import NOW, Client

Make = Callable[..., Client]


@pytest.fixture
def make() -> Iterator[Make]:
    """Sandboxes of a test's own, with their clocks stopped; keywords are settings, `faults` are faults."""
    made: list[Client] = []

    def start(*faults: str, **settings: float | str | bool | None) -> Client:
        options: dict[str, object] = {"now": NOW, "frozen": True, "people": 120, **settings}
        sandbox = Sandbox(settings=Settings(**options), faults=faults)  # type: ignore[arg-type]
        sandbox.__enter__()
        made.append(Client(sandbox))
        return made[-1]

    yield start
    for client in made:
        client.close()
        client.sandbox.__exit__(None, None, None)


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    """One tenant of 300 people that no test changes."""
    with Sandbox(settings=Settings(people=300, now=NOW, frozen=True)) as sandbox:
        client = Client(sandbox)
        yield client
        client.close()
