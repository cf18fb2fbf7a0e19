"""One question to Graph, asked as often as it is worth it."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import httpx2
import msgspec

from seatkeeper.clock import system_clock
from seatkeeper.errors import (
    BrokenAnswer,
    CredentialsRejected,
    PremiumRequired,
    SeatkeeperError,
    Throttled,
    TooLarge,
    Unavailable,
    WindowTooWide,
)
from seatkeeper.graph.audit_log import SEARCHES, AuditSearch
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.egress import Answer, Egress
from seatkeeper.graph.origin import Origin
from seatkeeper.graph.refusals import is_json, to_detail, to_error, to_intermediary
from seatkeeper.graph.retry import Again, Retry
from seatkeeper.graph.throttle import AUDIT_LOG, REPORTS, Pacer, to_moment, to_wait
from seatkeeper.graph.token import Token, TokenSource
from seatkeeper.model import Instant
from seatkeeper.telemetry import span
from seatkeeper.wire import NotTrusted, TooSlow

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
# This 403 comes now and then for tenants that do have the licence (msgraph-sdk-powershell #1898 and older threads).
_PREMIUM_TRIES: Final = 3
# A window of sign-ins that is too wide stays so: silence for minutes, or 504 (msgraph-sdk-powershell #2941, #3146).
_SLOW_TRIES: Final = 2
_SMALL: Final = 64 * 1024  # bytes: an error is short, and a page of rows is not searched for one
_CHALLENGE: Final = re.compile(r'\bclaims="([^"]*)"')


class Counters(msgspec.Struct):
    """What a run has cost so far, for display: `bytes` are unpacked, `waited` is seconds between tries."""

    requests: int = 0
    throttled: int = 0
    retried: int = 0
    bytes: int = 0
    waited: float = 0.0


class Question(msgspec.Struct, frozen=True):
    """What is asked and how it is paced; `asked` is the path or link as it was given."""

    asked: str
    url: httpx2.URL
    family: str
    units: int
    headers: Mapping[str, str]
    body: bytes | None = None  # what is posted; only the search of the audit log is


class _Refused(msgspec.Struct):
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode_refused = msgspec.json.Decoder(_Refused).decode


class Client:
    """Asks Graph in the name of one application; one Client serves one run."""

    def __init__(
        self,
        endpoints: Endpoints,
        tokens: TokenSource,
        egress: Egress,
        pacer: Pacer,
        *,
        retry: Retry = Retry(),  # noqa: B008 - it is frozen
    ) -> None:
        self.counters = Counters()
        self.server_time: Instant | None = None
        self.origin = Origin.of(endpoints.graph_url)
        self.retry = retry
        self._graph_url = endpoints.graph_url
        self.tokens = tokens
        self._egress = egress
        self._pacer = pacer
        self._numbers: list[str] = []  # of the newest questions

    def get(
        self,
        path_or_link: str,
        *,
        path: str,
        family: str,
        units: int = 1,
        headers: Mapping[str, str] = _NONE,
    ) -> Answer:
        """A success that calls itself JSON.

        A link of the vendor is used whole, and only when it leads to the pinned server and to `path`.
        `family` and `units` are the pacer's. Raises UntrustedLink, what `refusals` says, BrokenAnswer for another's
        answer and for an error in a success, and after the tries are used up Unavailable, Throttled, PremiumRequired
        or WindowTooWide.
        """
        link = self._graph_url + path_or_link if path_or_link.startswith("/") else path_or_link
        return self._answer(Question(path_or_link, self.origin.check(link, path), family, units, headers))

    def start_search(self, search: AuditSearch) -> Answer:
        """Ask for a search of the audit log, which is then under way: a success that calls itself JSON.

        Nothing else is ever posted to Graph. An answer that was lost on its way leaves a search behind that nobody
        asks for again, which harms nothing. Raises what `get` raises.
        """
        url = self.origin.check(self._graph_url + SEARCHES, SEARCHES)
        body = msgspec.json.encode(search)
        return self._answer(Question(SEARCHES, url, AUDIT_LOG, 1, {"Content-Type": "application/json"}, body))

    def _answer(self, question: Question) -> Answer:
        """A success, with a new token where the old one is refused."""
        answer = self._ask(question, self.tokens.token())
        if answer.status == 401:
            # One new token for one refusal: it ran out, was revoked, or must carry what the answer asks for
            # (entra-docs, claims challenges and continuous access evaluation).
            answer = self._ask(question, self.tokens.renew(to_claims(answer.headers)))
        if answer.status == 401:
            raise to_error(401, answer.body, answer.headers, asked=question.asked)
        if not is_json(answer.headers):
            raise to_intermediary(answer.status, answer.headers)
        if len(answer.body) < _SMALL and b'"error"' in answer.body:
            try:
                refused = _decode_refused(answer.body).error is not msgspec.UNSET
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                refused = False  # who reads it will say what is wrong with it
            if refused:
                raise to_broken_success(answer)
        return answer

    def _ask(self, question: Question, token: Token) -> Answer:
        return self.retry.run(lambda: self._try(question, token), self.note_pause)

    def note_pause(self, seconds: float) -> None:
        """Count a pause before another try."""
        self.counters.retried += 1
        self.counters.waited += seconds

    def _try(self, question: Question, token: Token) -> Answer:
        """One request: a success or a 401, else an error, as Again when it may pass."""
        try:
            answer = self._send(question, token)
        except NotTrusted:
            raise
        except TooSlow as error:
            raise self._to_slow(question, error) from None
        except TooLarge as error:
            if question.family == REPORTS:
                raise WindowTooWide(str(error), detail=error.detail) from None
            raise
        except Unavailable as error:
            raise Again(error) from None
        if answer.status in (200, 401) or (answer.status == 201 and question.body is not None):
            return answer
        refusal = to_error(
            answer.status, answer.body, answer.headers, asked=question.asked, for_person=self.tokens.for_person
        )
        wait = to_wait(answer.headers, self.server_time or system_clock())
        if isinstance(refusal, Throttled):
            self.counters.throttled += 1
            raise Again(refusal, wait)
        if answer.status == 504:
            raise self._to_slow(question, refusal, wait)
        if isinstance(refusal, Unavailable):
            raise Again(refusal, wait)
        if isinstance(refusal, PremiumRequired):
            raise Again(refusal, wait, tries=_PREMIUM_TRIES)
        raise refusal

    def _send(self, question: Question, token: Token) -> Answer:
        number = str(uuid.uuid4())
        fields = {
            "Authorization": f"Bearer {token.value.reveal()}",
            "client-request-id": number,
            "Accept": "application/json",
            **question.headers,
        }
        self._pacer.take(question.family, question.units)
        try:
            method = "GET" if question.body is None else "POST"
            with span("vendor request", family=question.family) as traced:
                answer = self._egress.send(method, question.url, fields, question.body)
                if traced is not None:
                    traced.set_attribute("http.response.status_code", answer.status)
        finally:
            self._pacer.done(question.family)
            self.counters.requests += 1
        self.counters.bytes += len(answer.body)
        self._check_echo(answer, number)
        moment = to_moment(answer.headers.get("date", ""))
        if moment is not None:
            self.server_time = max(moment, self.server_time or moment)
        return answer

    def _check_echo(self, answer: Answer, number: str) -> None:
        """A server that once answered twice is an answer late from then on: then this one is about another list.

        Only a number of ours is a proof: others may write their own into this header.
        """
        told = answer.headers.get("client-request-id", number)
        late, self._numbers = told != number and told in self._numbers, [*self._numbers[-99:], number]
        if late:
            self._egress.hang_up()
            raise Unavailable("The answer belongs to an earlier question. We ask again.")

    def _to_slow(self, question: Question, error: SeatkeeperError, wait: float | None = None) -> Again:
        """Sign-ins over too long a time end in a gateway timeout, or in silence: then ask for less."""
        if question.family != REPORTS:
            return Again(error, wait)
        slow = WindowTooWide("Microsoft cannot answer for so long a time at once.", detail=error.detail)
        return Again(slow, wait, tries=_SLOW_TRIES)


def to_broken_success(answer: Answer) -> BrokenAnswer:
    """An error inside a 200."""
    return BrokenAnswer(
        "Microsoft sent an error that calls itself a success. We try again at the next run.",
        detail=to_detail(answer.status, "error in a success", answer.headers),
    )


def to_claims(headers: httpx2.Headers) -> str | None:
    """The claims a 401 asks for, as JSON text, or None when it asks for none.

    Microsoft sends them in base64 or base64url, padded or not. Raises CredentialsRejected when they are
    unreadable: a token without them would be refused for ever.
    """
    challenge = headers.get("www-authenticate", "")
    if "insufficient_claims" not in challenge:
        return None
    found = _CHALLENGE.search(challenge)
    text = (found.group(1) if found else "").rstrip("=").replace("+", "-").replace("/", "_")
    try:
        claims = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        if isinstance(json.loads(claims), dict):
            return claims
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise CredentialsRejected(
        "Microsoft asks for a new token with conditions that cannot be read. Authorize the connection again.",
        detail="insufficient_claims",
    )
