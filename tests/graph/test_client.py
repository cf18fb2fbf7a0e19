"""One question is asked as often as it is worth it, and never more."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest

from seatkeeper.errors import (
    BrokenAnswer,
    CredentialsRejected,
    UntrustedLink,
)
from seatkeeper.graph.client import Client, to_claims
from seatkeeper.graph.egress import Answer
from seatkeeper.model import to_instant

from .conftest import QUICK, Door
from .vendor import TENANT, Reply, grant, jwt, page, refusal, zipped

USERS = "/v1.0/users"
SIGNINS = "/v1.0/auditLogs/signIns"
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1785564000"}}}'


def ask(door: Door, path: str = USERS) -> Answer:
    return door.client.get(path, path=path, family="directory" if path == USERS else "reports")


def test_a_question_carries_what_microsoft_wants_to_see(door: Door) -> None:
    door.graph.on(USERS, page([]))
    door.client.get(
        f"{USERS}?$select=id", path=USERS, family="directory", units=1, headers={"Prefer": "return=minimal"}
    )
    seen = door.graph.seen[0]
    assert seen.target == f"{USERS}?$select=id"
    assert seen.headers["Authorization"] == f"Bearer {door.tokens.token().value.reveal()}"
    assert seen.headers["Accept"] == "application/json"
    assert seen.headers["Prefer"] == "return=minimal"
    assert len(seen.headers["client-request-id"]) == 36


def test_what_a_run_has_cost_is_counted(door: Door) -> None:
    door.graph.on(USERS, refusal(503, "ServiceUnavailable"), zipped(page([{"id": "a"}] * 100)))
    answer = ask(door)
    counted = door.client.counters
    assert (counted.requests, counted.retried, counted.throttled) == (2, 1, 0)
    assert counted.bytes > len(answer.body)
    assert 0 < counted.waited < 1


def test_the_servers_clock_is_known_and_never_goes_back(door: Door) -> None:
    dates = ["Sat, 01 Aug 2026 06:00:00 GMT", "Sat, 01 Aug 2026 05:00:00 GMT", "nonsense"]
    assert door.client.server_time is None

    def write(date: str) -> Callable[[object], None]:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nDate: {date}\r\n\r\n{{}}"
        return lambda file: file.write(head.encode())  # type: ignore[attr-defined]

    door.graph.on(USERS, *(Reply(write=write(date)) for date in dates))
    for _ in dates:
        ask(door)
        assert door.client.server_time == to_instant("2026-08-01T06:00:00Z")


def test_a_token_that_ran_out_is_renewed_once_and_the_same_link_asked_again(door: Door) -> None:
    door.login.login(grant(jwt(tid=TENANT, n=1)), grant(jwt(tid=TENANT, n=2)))
    door.graph.on(USERS, refusal(401, "InvalidAuthenticationToken"), page([]))
    link = f"{door.graph.url}{USERS}?$skiptoken=p%2Fq"
    door.client.get(link, path=USERS, family="directory")
    first, second = door.graph.seen
    assert first.target == second.target == f"{USERS}?$skiptoken=p%2Fq"
    assert first.headers["Authorization"] != second.headers["Authorization"]


def test_a_second_401_ends_it(door: Door) -> None:
    door.graph.on(USERS, refusal(401, "InvalidAuthenticationToken"))
    with pytest.raises(CredentialsRejected, match="authorize"):
        ask(door)
    assert len(door.graph.seen) == 2
    assert len(door.login.tokens_asked()) == 2


def _challenge(claims: str) -> Reply:
    value = f'Bearer realm="", authorization_uri="https://x", error="insufficient_claims", claims="{claims}"'
    return refusal(401, "InvalidAuthenticationToken", WWW_Authenticate=value)


_STANDARD = base64.b64encode(CLAIMS.encode()).decode()
_URL = base64.urlsafe_b64encode(CLAIMS.encode()).decode()


@pytest.mark.parametrize("claims", [_STANDARD, _STANDARD.rstrip("="), _URL, _URL.rstrip("=")])
def test_claims_that_a_401_asks_for_are_in_the_next_token_request(door: Door, claims: str) -> None:
    door.graph.on(USERS, _challenge(claims), page([]))
    ask(door)
    form = parse_qs(door.login.tokens_asked()[1].body.decode())
    assert json.loads(form["claims"][0]) == json.loads(CLAIMS)


def test_claims_that_are_never_enough_do_not_loop(door: Door) -> None:
    door.graph.on(USERS, _challenge(_STANDARD))
    with pytest.raises(CredentialsRejected):
        ask(door)
    assert len(door.graph.seen) == 2


def test_microsofts_documented_challenge_is_understood() -> None:
    text = (Path(__file__).parents[1] / "data" / "examples" / "headers_401_cae.txt").read_text()
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    assert to_claims(httpx2.Headers(fields)) == '{"access_token":{"acrs":{"essential":true,"value":"cp1"}}}'


@pytest.mark.parametrize("claims", ["%%%", "", "W10=", "bm90IGpzb24=", "/w==", "W1tb" * 33_333])
def test_claims_that_cannot_be_read_end_it(claims: str) -> None:
    headers = httpx2.Headers({"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'})
    with pytest.raises(CredentialsRejected, match="cannot be read"):
        to_claims(headers)


def test_a_401_without_a_challenge_asks_for_no_claims() -> None:
    assert to_claims(httpx2.Headers({"WWW-Authenticate": 'Bearer error="invalid_token"'})) is None
    assert to_claims(httpx2.Headers()) is None


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/xml", "", "application/jsonp"])
def test_a_success_that_is_not_json_is_somebody_elses(door: Door, kind: str) -> None:
    door.graph.on(USERS, Reply(200, b"<html>Welcome to the hotel network</html>", kind=kind))
    with pytest.raises(BrokenAnswer, match="between us and Microsoft") as refused:
        ask(door)
    assert "hotel" not in str(refused.value)
    assert len(door.graph.seen) == 1


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json;odata.metadata=minimal;charset=utf-8", "Application/JSON ; x=y"]
)
def test_json_is_known_by_its_name(door: Door, kind: str) -> None:
    door.graph.on(USERS, Reply(200, b"{}", kind=kind))
    assert ask(door).body == b"{}"


def test_an_error_that_calls_itself_a_success_is_one(door: Door) -> None:
    door.graph.on(USERS, Reply(200, b'{"error":{"code":"UnknownError","message":"x"}}'))
    with pytest.raises(BrokenAnswer, match="calls itself a success"):
        ask(door)
    door.graph.on(USERS, Reply(200, b'{"value":[{"error":"None"}]}'))
    assert ask(door).status == 200


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_gets_no_token(door: Door, status: int) -> None:
    door.graph.on(USERS, Reply(status, b"", {"Location": f"{door.twin.url}{USERS}"}))
    with pytest.raises(BrokenAnswer, match="redirect"):
        ask(door)
    assert door.twin.connections == 0


def test_a_path_of_our_own_must_be_the_one_that_was_announced(door: Door) -> None:
    with pytest.raises(UntrustedLink):
        door.client.get("/v1.0/me", path=USERS, family="directory")
    assert door.graph.connections == 0


def test_every_request_is_paced_and_reported_back(door: Door) -> None:
    class Notes:
        def __init__(self) -> None:
            self.taken: list[str] = []

        def take(self, family: str, units: int) -> None:
            self.taken.append(f"take {family} {units}")

        def done(self, family: str) -> None:
            self.taken.append(f"done {family}")

    notes = Notes()
    client = Client(door.login.endpoints(door.graph), door.tokens, door.egress, notes, retry=QUICK)
    door.graph.on(USERS, Reply(write=lambda _: None), refusal(500, "x"), page([]))
    client.get(USERS, path=USERS, family="directory", units=3)
    assert notes.taken == ["take directory 3", "done directory"] * 3
