"""No secret and no token is in anything that we print, log or raise."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from urllib.parse import quote_plus

import msgspec
import pytest

from seatkeeper.errors import SeatkeeperError
from seatkeeper.graph.pages import read_pages
from seatkeeper.graph.token import ClientCertificate, ClientSecret, TokenSource
from seatkeeper.model import Secret

from .certificates import certificate, pem, rsa_key
from .conftest import CANARY, QUICK, Door
from .vendor import TENANT, Reply, grant, jwt, page, refusal

USERS = "/v1.0/users"


class Person(msgspec.Struct):
    id: str


def read(door: Door) -> None:
    list(read_pages(door.client, USERS, path=USERS, row=Person, family="directory", units=1))


def good(door: Door) -> None:
    door.graph.on(USERS, page([{"id": "a"}], next=f"{door.graph.url}{USERS}?$skiptoken=1"), page([]))


def revoked(door: Door) -> None:
    door.graph.on(USERS, refusal(401, "InvalidAuthenticationToken"))


def throttled(door: Door) -> None:
    door.graph.on(USERS, refusal(429, "x"), Reply(500), Reply(write=lambda _: None), page([]))


def elsewhere(door: Door) -> None:
    door.graph.on(USERS, page([], next=f"{door.twin.url}{USERS}"))


def wrong_secret(door: Door) -> None:
    echo = {"error": "invalid_client", "error_codes": [7000215], "error_description": f"{CANARY} is wrong"}
    door.login.login(Reply(401, msgspec.json.encode(echo)))


def half_a_token(door: Door) -> None:
    door.login.login(Reply(body=grant().body[:-1]))


def busy(door: Door) -> None:
    door.login.login(Reply(503, b""))


@pytest.mark.parametrize("story", [good, revoked, throttled, elsewhere, wrong_secret, half_a_token, busy])
def test_no_secret_is_logged_or_raised(
    door: Door, story: Callable[[Door], None], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = jwt(tid=TENANT, roles=["Directory.Read.All"], n="canary-in-a-token")
    door.login.login(grant(token))
    door.graph.on(USERS, page([]))
    story(door)
    told = ""
    with caplog.at_level(logging.DEBUG):
        try:
            read(door)
        except SeatkeeperError as error:
            told = f"{error!r} {error} {error.detail} {error.__cause__!r}"
    printed = "".join(capfd.readouterr())
    signature = token.split(".")[1]
    for secret in (CANARY, quote_plus(CANARY), base64.b64encode(CANARY.encode()).decode(), signature, "Bearer ey"):
        assert secret not in caplog.text + told + printed
    assert "httpcore2" in caplog.text  # the log was really on


def test_no_object_shows_a_secret_when_it_is_printed(door: Door) -> None:
    text = pem(rsa_key(), certificate(rsa_key()))
    secret = ClientSecret("client", Secret(CANARY))
    locked = ClientCertificate("client", Secret(text), Secret("pass-canary"))
    token = door.tokens.token()
    answer = door.egress.send("GET", f"{door.login.url}/{TENANT}/oauth2/v2.0/token", {})
    assert token.value.reveal().encode() in answer.body
    for thing in (secret, locked, token, answer, door.tokens, door.client, door.egress, Secret(CANARY)):
        for shown in (repr(thing), str(thing), f"{thing}", repr(getattr(thing, "__dict__", ""))):
            assert CANARY not in shown
            assert "pass-canary" not in shown
            assert text[40:80] not in shown
            assert token.value.reveal() not in shown


def test_a_wrong_certificate_is_refused_without_its_text(door: Door) -> None:
    text = pem(rsa_key(), certificate(rsa_key(number=1)))
    tokens = TokenSource(
        TENANT, ClientCertificate("client", Secret(text)), door.login.endpoints(), door.egress, retry=QUICK
    )
    with pytest.raises(SeatkeeperError) as refused:
        tokens.token()
    assert text[100:140] not in f"{refused.value!r} {refused.value.__cause__!r}"
    assert door.login.tokens_asked() == []
