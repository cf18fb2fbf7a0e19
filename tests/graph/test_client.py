"""One question is asked as often as it is worth it, and never more."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import msgspec
import pytest

from seatkeeper.clock import system_clock
from seatkeeper.errors import (
    BrokenAnswer,
    CredentialsRejected,
    PermissionMissing,
    PremiumRequired,
    SeatkeeperError,
    Throttled,
    Unavailable,
    UntrustedLink,
    WindowTooWide,
)
from seatkeeper.graph.client import Client, to_claims
from seatkeeper.graph.egress import Answer
from seatkeeper.graph.throttle import LocalPacer
from seatkeeper.model import TICKS, to_instant

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


@pytest.mark.parametrize("status", [500, 502, 503, 504, 509])
def test_trouble_at_the_vendor_is_tried_again_and_then_told(door: Door, status: int) -> None:
    door.graph.on(USERS, Reply(status, b"<html>", kind="text/html"), Reply(status, b""), page([]))
    assert ask(door).status == 200
    door.graph.on(USERS, Reply(status, b""))
    door.graph.seen.clear()
    with pytest.raises(Unavailable):
        ask(door)
    assert len(door.graph.seen) == QUICK.attempts


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_refusal_that_will_not_change_is_not_tried_again(door: Door, status: int) -> None:
    door.graph.on(USERS, refusal(status, "Authorization_RequestDenied"))
    with pytest.raises(SeatkeeperError):
        ask(door)
    assert len(door.graph.seen) == 1


def test_an_answer_that_breaks_off_is_tried_again_and_its_half_not_used(door: Door) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n" + b'{"value":[]}'
    door.graph.on(USERS, Reply(write=lambda file: file.write(half)), page([{"id": "whole"}]))
    assert b"whole" in ask(door).body


def test_retry_after_is_obeyed_by_the_servers_own_clock(door: Door) -> None:
    door.graph.on(
        USERS, refusal(429, "TooManyRequests", Retry_After="1"), refusal(503, "x", Retry_After="1.4"), page([])
    )
    ask(door)
    first, second, third = (seen.at for seen in door.graph.seen)
    assert second - first >= 1
    assert third - second >= 1.4
    assert door.client.counters.throttled == 1
    assert door.client.counters.waited >= 2.4


@pytest.mark.parametrize("value", ["0", "-7", "soon", "", None])
def test_being_throttled_without_a_usable_wait_is_no_reason_to_hammer(door: Door, value: str | None) -> None:
    headers = {} if value is None else {"Retry_After": value}
    door.graph.on(USERS, refusal(429, "UnknownError", **headers))
    with pytest.raises(Throttled) as told:
        ask(door)
    assert len(door.graph.seen) == QUICK.attempts
    gaps = [later.at - earlier.at for earlier, later in zip(door.graph.seen, door.graph.seen[1:], strict=False)]
    assert min(gaps) >= QUICK.first_wait / 2
    assert told.value.until <= system_clock() + 11 * TICKS


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_too_long_is_told_instead_of_slept(door: Door, status: int) -> None:
    door.graph.on(USERS, refusal(status, "x", Retry_After="3600"))
    started = time.monotonic()
    with pytest.raises(Throttled) as told:
        ask(door)
    assert time.monotonic() - started < 2
    assert told.value.until - system_clock() == pytest.approx(3600 * TICKS, abs=10 * TICKS)
    assert len(door.graph.seen) == 1


def test_an_absurd_wait_does_not_break_the_calendar(door: Door) -> None:
    door.graph.on(USERS, refusal(429, "x", Retry_After="1" + "0" * 300))
    with pytest.raises(Throttled) as told:
        ask(door)
    assert told.value.until - system_clock() <= 30 * 86_400 * TICKS


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


NO_PREMIUM = refusal(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")


def test_a_missing_licence_is_not_believed_at_once(door: Door) -> None:
    door.graph.on(SIGNINS, NO_PREMIUM, NO_PREMIUM, page([]))
    assert ask(door, SIGNINS).status == 200


def test_a_missing_licence_is_believed_the_third_time(door: Door) -> None:
    door.graph.on(SIGNINS, NO_PREMIUM)
    with pytest.raises(PremiumRequired, match="P1 or P2"):
        ask(door, SIGNINS)
    assert len(door.graph.seen) == 3


def test_a_missing_permission_is_believed_at_once(door: Door) -> None:
    door.graph.on(SIGNINS, refusal(403, "Authentication_MSGraphPermissionMissing", "… AuditLog.Read.All"))
    with pytest.raises(PermissionMissing, match=r"AuditLog\.Read\.All"):
        ask(door, SIGNINS)
    assert len(door.graph.seen) == 1


def test_a_window_that_times_out_twice_is_too_wide(door: Door) -> None:
    door.graph.on(SIGNINS, refusal(503, "x"), Reply(504, b""))
    with pytest.raises(WindowTooWide):
        ask(door, SIGNINS)
    assert len(door.graph.seen) == 3  # the 503 is another matter


def test_a_window_that_is_never_answered_is_too_wide(make_door: Callable[..., Door]) -> None:
    door = make_door(deadline=0.3)
    door.graph.on(SIGNINS, Reply(write=lambda file: time.sleep(2)))
    with pytest.raises(WindowTooWide):
        ask(door, SIGNINS)
    assert len(door.graph.seen) == 2


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


def test_a_server_that_is_not_trusted_is_not_asked_twice(door: Door) -> None:
    endpoints = msgspec.structs.replace(door.login.endpoints(door.graph), ca_file=None)
    from seatkeeper.graph.egress import Egress

    stranger = Egress(endpoints)
    client = Client(endpoints, door.tokens, stranger, LocalPacer(), retry=QUICK)
    before = door.graph.connections
    with pytest.raises(Unavailable, match="--ca-file"):
        client.get(USERS, path=USERS, family="directory")
    stranger.close()
    assert door.graph.connections == before + 1
    assert door.graph.seen == []


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
