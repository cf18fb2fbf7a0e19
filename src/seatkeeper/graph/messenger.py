"""Carries msal's requests through our door, so that a secret or a signed assertion goes to the pinned server
only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from seatkeeper.errors import BrokenAnswer, Unavailable
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.egress import Answer, Egress
from seatkeeper.graph.origin import Origin, untrusted
from seatkeeper.graph.refusals import is_json, to_detail, to_intermediary, to_token_error
from seatkeeper.graph.throttle import to_moment
from seatkeeper.model import Instant, Secret

T = TypeVar("T")

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")  # what may stand in an Authorization header (RFC 6750)
_SHORTEST: Final = 60.0
_LONGEST: Final = 86_400.0  # Microsoft's policy range for access tokens ends at 24 h


class Grant(msgspec.Struct, frozen=True):
    """A token answer that keeps its promises; `seconds` is its life, held to between a minute and a day."""

    access_token: str
    seconds: float
    refresh_token: Secret | None = None  # of a person who signed in

    def __repr__(self) -> str:
        return f"Grant({self.seconds:g} s)"


class Reply:
    """The answer in the shape msal expects."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = dict(answer.headers)
        self.text = answer.body.decode()

    def raise_for_status(self) -> None:
        """Nothing to raise: what is not a success was refused before msal saw it."""


class _Discovery(msgspec.Struct):
    token_endpoint: str
    authorization_endpoint: str
    issuer: str = ""  # holds the tenant's GUID, whatever name was asked for


class _Grant(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: int | float | str = _SHORTEST  # 3599 usually; some endpoints of Microsoft write a text
    refresh_token: str = ""


class DeviceCode(msgspec.Struct):
    """What somebody types in on another device, and where."""

    user_code: str
    verification_uri: str
    device_code: str
    expires_in: int
    interval: int = 5  # seconds


class Messenger:
    """msal's `http_client`. It lives for one token, as msal's caches would repeat a refusal that is mended.

    msal logs the text of an answer that it cannot read, and such a text may hold a token; so every answer is
    checked here, and msal gets to see good ones only.
    """

    def __init__(self, egress: Egress, endpoints: Endpoints) -> None:
        self._egress = egress
        self._logins = {Origin.of(url) for url in (endpoints.login_url, *endpoints.aliases)}
        self.grant: Grant | None = None
        self.device: DeviceCode | None = None
        self.server_time: Instant | None = None
        self.issuer = ""

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        **_: object,
    ) -> Reply:
        """The discovery document. Raises UntrustedLink when it names a token endpoint on another server."""
        answer = self._send("GET", url, headers, params, None)
        found = _to_json(answer, _Discovery)
        for named in (found.token_endpoint, found.authorization_endpoint):
            self._check(named)
        self.issuer = found.issuer
        return Reply(answer)

    def post(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        **_: object,
    ) -> Reply:
        """The request for a token, or for a device's code. Raises what the sign-in server's refusal means."""
        self._check(url)
        form = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        answer = self._send("POST", url, form, params, urlencode(data or {}).encode())
        if url.endswith("/devicecode"):
            self.device = _to_json(answer, DeviceCode)
            return Reply(answer)
        grant = _to_json(answer, _Grant)
        try:
            seconds = float(grant.expires_in)
        except ValueError:
            seconds = math.nan
        if math.isnan(seconds) or grant.token_type.lower() != "bearer" or not _TOKEN.fullmatch(grant.access_token):
            raise BrokenAnswer(
                "Microsoft's sign-in service gave an answer that is not a usable token.",
                detail=to_detail(answer.status, "", answer.headers),
            )
        renewing = Secret(grant.refresh_token) if grant.refresh_token else None
        self.grant = Grant(grant.access_token, min(_LONGEST, max(_SHORTEST, seconds)), renewing)
        return Reply(answer)

    def close(self) -> None:
        """The connections are the door's, and other requests use them."""

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> Answer:
        target = f"{url}?{urlencode(params)}" if params else url
        answer = self._egress.send(method, target, {"Accept": "application/json", **(headers or {})}, body)
        self.server_time = to_moment(answer.headers.get("date", ""))
        if answer.status != 200:
            raise to_token_error(answer)
        return answer

    def _check(self, url: str) -> None:
        # Not even the Graph server, which would then see the secret.
        if Origin.of(url) not in self._logins:
            raise untrusted()


def _to_json(answer: Answer, shape: type[T]) -> T:
    """A success of the sign-in server. Raises BrokenAnswer when it is none, Unavailable for damage."""
    if not is_json(answer.headers):
        raise to_intermediary(answer.status, answer.headers)
    detail = to_detail(answer.status, "", answer.headers)
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.ValidationError:
        raise BrokenAnswer(
            "Microsoft's sign-in service gave an answer without what it must hold.", detail=detail
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unavailable(
            "The answer of Microsoft's sign-in service was damaged. We try again.", detail=detail
        ) from None
