"""Serving: nobody waits for a sandbox that is told to end."""

from __future__ import annotations

import asyncio
import threading
import time

import httpx2
import pytest

from seatkeeper.sandbox.serve import Sandbox

from .client import NOW, Client


def _stalled(client: Client) -> threading.Thread:
    """Somebody who waits for an answer that stalls, until the connection ends."""

    def ask() -> None:
        with pytest.raises(httpx2.HTTPError):
            client.ask("/users")

    waiting = threading.Thread(target=ask)
    waiting.start()
    while client.sandbox.ledger[-1]["path"] != "/v1.0/users":
        time.sleep(0.001)
    return waiting


@pytest.mark.parametrize("stalls", [False, True])
def test_a_sandbox_ends_without_waiting_even_while_it_answers(stalls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", noted)
    with Sandbox(people=20, now=NOW, faults=["stall"] if stalls else []) as sandbox:
        client = Client(sandbox)
        assert client.token
        waiting = _stalled(client) if stalls else None
    if waiting:
        waiting.join()  # the client is hung up on
    client.close()
    assert set(waits) <= {0, 0.05}  # the stall itself looks so often whether its client is there
