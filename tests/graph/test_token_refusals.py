"""What is no token is not used, and no secret follows it elsewhere."""

from __future__ import annotations

import json
import logging

import pytest

from seatkeeper.clock import system_clock
from seatkeeper.errors import (
    BrokenAnswer,
    CredentialsRejected,
    Throttled,
    Unavailable,
    UntrustedLink,
)
from seatkeeper.model import TICKS

from .conftest import Door
from .vendor import TENANT, Reply, grant, jwt

DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>sign in</html>", kind="text/html"),
        Reply(body=b"<html>sign in</html>"),
        Reply(body=b""),
        Reply(body=b"[]"),
        Reply(body=b"{}"),
        Reply(body=b'{"token_type":"Bearer","expires_in":3599,"access_token":"half'),
        grant(access_token=None),
        grant(access_token=""),
        grant(access_token=7),
        grant("a b"),
        grant("a\r\nX-Injected: 1"),
        grant("é"),
        grant(token_type="pop"),
        grant(token_type=None),
        grant(expires_in="soon"),
        grant(expires_in="nan"),
        grant(expires_in=[]),
        Reply(302, b"", {"Location": "/"}),
        Reply(204, b""),
    ],
)
def test_an_answer_that_is_no_token_is_not_used(door: Door, reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    door.login.login(reply)
    with caplog.at_level(logging.DEBUG), pytest.raises((BrokenAnswer, Unavailable)):
        door.tokens.token()
    assert "half" not in caplog.text  # msal would log the text of an answer it cannot read


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"tid": "00000000-0000-4000-8000-000000000000"}, "another tenant"),
        ({"tid": TENANT, "aud": "https://management.azure.com"}, "another service"),
        ({"aud": ["https://graph.microsoft.us"]}, "another service"),
    ],
)
def test_a_token_for_somebody_else_is_not_used(door: Door, claims: dict[str, object], words: str) -> None:
    door.login.login(grant(jwt(**claims)))
    with pytest.raises(CredentialsRejected, match=words):
        door.tokens.token()
    assert door.graph.seen == []


def test_a_foreign_token_endpoint_never_gets_the_secret(door: Door) -> None:
    for foreign in (
        f"{door.twin.url}{TOKEN}",
        f"{door.graph.url}{TOKEN}",
        f"http://localhost:{door.login.port}{TOKEN}",
        f"https://localhost:{door.login.port}@localhost:{door.twin.port}{TOKEN}",
        f"https://localhost.evil.example:{door.login.port}{TOKEN}",
        "nonsense",
    ):
        door.login.login(endpoint=foreign)
        with pytest.raises(UntrustedLink):
            door.tokens.token()
    assert door.twin.connections == door.graph.connections == 0
    assert door.login.tokens_asked() == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_token_endpoint_never_gets_the_secret(door: Door, status: int) -> None:
    door.login.login(Reply(status, b"", {"Location": f"{door.twin.url}{TOKEN}"}))
    with pytest.raises(BrokenAnswer, match="redirect"):
        door.tokens.token()
    assert door.twin.connections == 0
    assert len(door.login.tokens_asked()) == 1


@pytest.mark.parametrize(
    "discovery",
    [
        Reply(302, b"", {"Location": "https://localhost/elsewhere"}),
        Reply(body=b"<html>", kind="text/html"),
        Reply(body=b"{}"),
        Reply(body=b"[1]"),
        Reply(body=b'{"token_endpoint":7,"authorization_endpoint":"x"}'),
    ],
)
def test_a_discovery_document_that_is_none_is_refused(door: Door, discovery: Reply) -> None:
    door.login.on(DISCOVERY, discovery)
    with pytest.raises(BrokenAnswer):
        door.tokens.token()
    assert door.login.tokens_asked() == []


def test_a_token_endpoint_without_a_path_is_refused(door: Door) -> None:
    door.login.login(endpoint=door.login.url)
    with pytest.raises(BrokenAnswer, match="describes itself"):
        door.tokens.token()


def _token_error(status: int, code: int, error: str) -> Reply:
    return Reply(status, json.dumps({"error": error, "error_codes": [code], "error_description": "AADSTS"}).encode())


def test_an_unknown_tenant_is_told_from_the_discovery(door: Door) -> None:
    door.login.on(DISCOVERY, _token_error(400, 90002, "invalid_tenant"))
    with pytest.raises(CredentialsRejected, match="Tenant ID"):
        door.tokens.token()


def test_a_refused_secret_is_not_tried_again_but_a_corrected_one_is_at_once(door: Door) -> None:
    refused = _token_error(400, 7000215, "invalid_client")  # 400 is what msal remembers for a minute
    door.login.login(refused, grant())
    with pytest.raises(CredentialsRejected, match="Value, not its Secret ID"):
        door.tokens.token()
    assert len(door.login.tokens_asked()) == 1
    assert door.tokens.token().roles is not None


@pytest.mark.usefixtures("with_pauses")
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_sign_in_server_is_asked_again_after_its_wait(door: Door, status: int) -> None:
    door.login.login(Reply(status, b"", {"Retry-After": "1"}), grant())
    if status == 503:
        door.login.login(Reply(status, b""), grant())
    door.tokens.token()
    first, second = (seen.at for seen in door.login.tokens_asked())
    assert second - first >= (1 if status == 429 else 0)


def test_a_sign_in_server_that_wants_a_long_rest_gets_it(door: Door) -> None:
    door.login.login(Reply(429, b"", {"Retry-After": "3600"}))
    with pytest.raises(Throttled) as told:
        door.tokens.token()
    assert told.value.until - system_clock() == pytest.approx(3600 * TICKS, abs=10 * TICKS)
    assert len(door.login.tokens_asked()) == 1


def test_a_damaged_token_answer_is_asked_for_again(door: Door) -> None:
    door.login.login(Reply(body=b'{"access_token":"a'), grant())
    assert door.tokens.token().roles is not None
