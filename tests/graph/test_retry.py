"""Trouble is met with patience that has an end, and a wish to be left alone is respected."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from seatkeeper.clock import system_clock
from seatkeeper.errors import (
    PermissionMissing,
    PremiumRequired,
    SeatkeeperError,
    Throttled,
    Unavailable,
    WindowTooWide,
)
from seatkeeper.graph.client import Client
from seatkeeper.graph.egress import Answer
from seatkeeper.graph.throttle import LocalPacer
from seatkeeper.model import TICKS

from .conftest import QUICK, Door
from .vendor import Reply, page, refusal

USERS = "/v1.0/users"
SIGNINS = "/v1.0/auditLogs/signIns"
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1785564000"}}}'


def ask(door: Door, path: str = USERS) -> Answer:
    return door.client.get(path, path=path, family="directory" if path == USERS else "reports")


NO_PREMIUM = refusal(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")


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


@pytest.mark.usefixtures("with_pauses")
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


@pytest.mark.usefixtures("with_pauses")
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


def test_a_server_that_is_not_trusted_is_not_asked_twice(door: Door) -> None:
    endpoints = msgspec.structs.replace(door.login.endpoints(door.graph), ca_file=None)
    from seatkeeper.graph.egress import Egress

    unlicensed_user = Egress(endpoints)
    client = Client(endpoints, door.tokens, unlicensed_user, LocalPacer(), retry=QUICK)
    before = door.graph.connections
    with pytest.raises(Unavailable, match="--ca-file"):
        client.get(USERS, path=USERS, family="directory")
    unlicensed_user.close()
    assert door.graph.connections == before + 1
    assert door.graph.seen == []
