"""Faults of the network: bytes that do not come, come slowly, or come for ever."""

from __future__ import annotations

import time

import httpx2
import pytest

from .client import Client
from .conftest import Make


@pytest.mark.parametrize(
    "fault",
    ["cut-body=length", "cut-body=chunk", "cut-body=reset", "reset", "stall", "slow-loris", "gzip-bomb=headers"],
)
def test_the_network_fails_once_and_then_answers(make: Make, fault: str) -> None:
    client = make()
    assert client.token
    client.sandbox.tenant.switch_on(*fault.split("=")[:2])
    begin = time.monotonic()
    with pytest.raises(httpx2.HTTPError):
        client.http.get(
            client.sandbox.graph_url + "/v1.0/users",
            headers={"Authorization": f"Bearer {client.token}"},
            timeout=httpx2.Timeout(0.7),
        )
    assert time.monotonic() - begin < 5
    client.http.close()
    again = Client(client.sandbox)
    again._token = client.token
    assert again.ask("/users").status_code == 200
    again.close()


@pytest.mark.parametrize(
    ("fault", "error"), [("connect-refused=1", httpx2.ConnectError), ("connect-timeout=1", httpx2.TimeoutException)]
)
def test_connections_are_turned_away_at_the_door(make: Make, fault: str, error: type[Exception]) -> None:
    client = make(fault)
    with pytest.raises(error):
        client.http.get(client.sandbox.login_url + "/x", timeout=httpx2.Timeout(0.7))
    assert client.ask("/users").status_code == 200


def test_a_connection_that_was_to_stay_open_is_closed(make: Make) -> None:
    client = make("stale-keepalive")
    for _ in range(3):
        time.sleep(0.05)
        assert client.ask("/users?$top=1").status_code == 200


def test_a_small_body_may_grow_large(make: Make) -> None:
    client = make("gzip-bomb")
    with client.http.stream(
        "GET", client.sandbox.graph_url + "/v1.0/users", headers={"Authorization": f"Bearer {client.token}"}
    ) as answer:
        raw = sum(len(piece) for piece in answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert raw < 1_000_000
