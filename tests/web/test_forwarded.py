"""Who calls, when proxies pass it on: the trusted ones are believed, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from seatkeeper.settings.networks import read_networks
from seatkeeper.web.forwarded import PASSED_ON, believe_proxies, to_caller

PROXIES = read_networks({"P": "10.0.0.0/8,192.0.2.7"}, "P")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "caller"),
    [
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5", "203.0.113.5"),  # what stands before it, anybody may have written
        ("10.0.0.1", "203.0.113.5, 192.0.2.7, 10.9.9.9", "203.0.113.5"),  # proxies behind each other
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),
    ],
)
def test_the_caller_is_whom_the_nearest_trusted_proxy_names(peer: str, forwarded_for: str, caller: str) -> None:
    assert to_caller(peer, forwarded_for, PROXIES) == caller


def ask(peer: str, **headers: str) -> tuple[str, dict[str, Any]]:
    """The status, and what the pages were told of the request."""
    seen: dict[str, Any] = {}
    statuses: list[str] = []

    def pages(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        seen.update(environ)
        start("200 OK", [])
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **headers}
    list(believe_proxies(pages, PROXIES)(environ, lambda status, _headers: statuses.append(status)))
    return statuses[0], seen


def test_a_trusted_proxy_tells_address_and_scheme_and_leaves_no_trace() -> None:
    status, seen = ask("10.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.5", HTTP_X_FORWARDED_PROTO="HTTPS", HTTP_VIA="x")
    assert (status, seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("200 OK", "203.0.113.5", "https")
    assert not set(PASSED_ON) & seen.keys()


def test_anybody_else_is_not_believed_and_named_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    seen: dict[str, Any] = {}
    pages = believe_proxies(lambda environ, _start: seen.update(environ) or [], PROXIES)
    for _ in range(2):
        list(pages({"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, lambda *_: None))
    told = "203.0.113.9 passed a request on, but SEATKEEPER_TRUSTED_PROXY does not hold it"
    assert [record.getMessage() for record in caplog.records] == [told]
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1", "so that what is for this machine only is refused"


def test_nobody_is_believed_without_being_trusted() -> None:
    status, seen = ask("203.0.113.9", HTTP_X_FORWARDED_FOR="127.0.0.1", HTTP_X_FORWARDED_PROTO="https")
    assert (status, seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("200 OK", "203.0.113.9", "http")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("HTTP_X_FORWARDED_FOR", "somebody"),
        ("HTTP_X_FORWARDED_FOR", "203.0.113.5:80"),
        ("HTTP_X_FORWARDED_PROTO", "ws"),
    ],
)
def test_what_a_trusted_proxy_says_in_another_language_is_refused(header: str, value: str) -> None:
    status, seen = ask("10.0.0.1", **{header: value})
    assert (status, seen) == ("400 Bad Request", {})
