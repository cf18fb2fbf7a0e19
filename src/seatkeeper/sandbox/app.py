"""The ASGI application: one callable, two hosts in one. /v1.0 is Graph, everything else the login host."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from string import punctuation
from typing import Any, Final
from urllib.parse import quote, unquote

from seatkeeper.sandbox.faults import Call, FaultyTenant, Reply
from seatkeeper.sandbox.graph import audit_queries, batch, queries, refusals, reports
from seatkeeper.sandbox.graph.access import Access
from seatkeeper.sandbox.graph.answers import encode
from seatkeeper.sandbox.graph.request import JSON, Answer, Request
from seatkeeper.sandbox.graph.routes import route
from seatkeeper.sandbox.graph.throttle import Meter
from seatkeeper.sandbox.ledger import entry
from seatkeeper.sandbox.login import clouds, discovery, jwt, pages, people, tokens
from seatkeeper.sandbox.login.assertions import Ask, TokenRefusal
from seatkeeper.sandbox.wire import deliver
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.dice import object_guid

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BODY: Final = 1_048_576  # bytes of a request body that are read
_DIAGNOSTIC: Final = (
    b'{"ServerInfo":{"DataCenter":"North Europe","Slice":"E","Ring":"4","ScaleUnit":"003",'
    b'"RoleInstance":"DB1PEPF00012345"}}'
)
_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
_GRAPH: Final = re.compile(r"/(?:v1\.0|beta)(?:/.*)?", re.DOTALL)
_FOR_ROLES: Final = re.compile(r"/(auditlogs|reports|security)/")
_CLIENT_ID: Final = re.compile(r"[\x21-\x7e]{1,64}")


class App:
    """Serves one tenant."""

    def __init__(self, tenant: FaultyTenant, host: str = "localhost", meter: Meter | None = None) -> None:
        """`host` is the name and port the sandbox is known by; tenants of one process share a meter."""
        self.tenant = tenant
        self.host = host
        self._access = Access(tenant, host)
        self._meter = meter or Meter()
        self._served = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await read_body(receive) if scope["method"] not in {"GET", "HEAD"} else b""
        with self.tenant.lock:
            reply = self.reply(scope, headers, body)
            self.tenant.ledger.append(entry(scope, headers, body, self.tenant.seconds, reply.status))
        await deliver(reply, scope["method"], headers.get("accept-encoding", ""), send)

    def reply(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer as it is sent: correct, or spoiled by the faults that are on."""
        path: str = scope["path"]
        graph = bool(_GRAPH.fullmatch(path))
        if graph:
            status, out, answer = self._graph(scope, headers, body)
        elif path == reports.DOWNLOAD:
            status, out, answer = reports.download(self.tenant, scope["query_string"])
        else:
            status, out, answer = self._login(scope, headers, body)
        faults, now = self.tenant.faults, self.tenant.seconds
        call = Call(
            self.tenant.settings.seed,
            *(scope["method"], path, scope["query_string"].decode("latin-1"), self._base(headers), faults.twin),
            headers=headers,
            now=now,
            graph=graph,
            fetch=lambda query: self._graph({**scope, "query_string": query.encode("latin-1")}, headers, b"")[2],
            sign=lambda claims: jwt.sign({**(jwt.claims_of(claims.pop("token")) or {}), **claims}),
        )
        return faults.spoil(call, Reply(status, out, answer, date=iso(now)[:-1]))

    def _base(self, headers: Mapping[str, str]) -> str:
        """The origin that the client addressed, if it is one of ours."""
        host = headers.get("host", "")
        return f"https://{host if host in clouds.HOSTS or _LOOPBACK.fullmatch(host) else self.host}"

    # --- Graph ----------------------------------------------------------------------------------------------------

    def _graph(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> tuple[int, Headers, bytes]:
        self._served += 1
        request_id = object_guid(self.tenant.settings.seed, "request", self._served)
        echo = headers.get("client-request-id", "")
        client_id = echo if _CLIENT_ID.fullmatch(echo) else request_id
        answer = self._finished(scope, headers, body, (request_id, client_id))
        out: Headers = [
            (b"request-id", request_id.encode()),
            (b"client-request-id", client_id.encode()),
            (b"x-ms-ags-diagnostic", _DIAGNOSTIC),
            (b"x-ms-resource-unit", b"%d" % answer.cost),
            (b"odata-version", b"4.0"),
            (b"cache-control", b"no-cache"),
            (b"strict-transport-security", b"max-age=31536000"),
            (b"vary", b"Accept-Encoding"),
        ]
        own = {name.lower().encode(): value.encode("latin-1", "replace") for name, value in answer.headers.items()}
        own.setdefault(b"content-type", JSON)
        return answer.status, [*out, *own.items()], answer.body

    def _finished(self, scope: Scope, headers: Mapping[str, str], body: bytes, ids: tuple[str, str]) -> Answer:
        """The answer; a refusal is turned into one."""
        now = self.tenant.tick()
        try:
            return self._answer(scope, headers, body, now)
        except refusals.Refusal as refusal:
            text = refusals.body(refusal, iso(now)[:-1], *ids)
            return Answer(text, 1, refusal.status, {"Content-Type": "application/json", **refusal.headers})

    def _answer(self, scope: Scope, headers: Mapping[str, str], body: bytes, now: int) -> Answer:
        version, path = scope["path"][:5], scope["path"][5:] or "/"
        base = self._base(headers)
        claims = self._access.claims(headers, base, now)
        if scope["method"] == "POST" and path.lower() == "/$batch":
            return batch.run(body, lambda step: self._step(step, version, headers))
        searches = scope["method"] == "POST" and version == "/v1.0" and path.lower().rstrip("/") == audit_queries.PATH
        if scope["method"] not in {"GET", "HEAD"} and not searches:
            raise refusals.Refusal(
                405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
            )
        request = Request(
            path=path,
            address=base + version + path,
            query=queries.read(scope["query_string"]),
            headers=headers,
            roles=frozenset(map(str, claims.get("roles", ()))) | frozenset(str(claims.get("scp", "")).split()),
            now=now,
        )
        if "scp" in claims and people.READER not in claims["wids"] and _FOR_ROLES.match(path.lower()):
            raise refusals.no_role()
        go = partial(audit_queries.start, body=body) if searches else route
        return self._meter.answer(self.tenant, request, str(claims["appid"]), go)

    def _step(self, step: batch.Step, version: str, headers: Mapping[str, str]) -> Answer:
        """One request of a batch: token and host are those of the batch, other headers its own."""
        path, _, query = step.url.partition("?")
        scope = {
            "method": step.method.upper(),
            "path": version + unquote(path),
            "query_string": quote(query, safe=punctuation).encode(),
        }
        own = {name.lower(): value for name, value in step.headers.items()}
        own |= {name: headers[name] for name in ("authorization", "host") if name in headers}
        self._served += 1
        request_id = object_guid(self.tenant.settings.seed, "request", self._served)
        return self._finished(scope, own, b"", (request_id, headers.get("client-request-id", request_id)[:64]))

    # --- the login host -------------------------------------------------------------------------------------------

    def _login(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> tuple[int, Headers, bytes]:
        base = self._base(headers)
        name, _, rest = scope["path"].lstrip("/").partition("/")
        query = scope["query_string"].decode("latin-1")
        if page := pages.show(self.tenant, pages.Visit(scope["method"], name, rest, query, body, self._hosts(base))):
            return page
        correlation = headers.get("client-request-id", "")
        try:
            status, shape = 200, self._entra(scope, headers, body, base)
            answer = encode(shape)
        except TokenRefusal as refusal:
            self._served += 1
            trace = object_guid(self.tenant.settings.seed, "trace", self._served)
            stamp = iso(self.tenant.seconds).replace("T", " ")
            known = correlation if _CLIENT_ID.fullmatch(correlation) else object_guid(trace, "correlation")
            status, answer = refusal.status, tokens.refusal_body(refusal, stamp, trace, known)
        except LookupError:
            status, answer = 404, b""
        out: Headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"cache-control", b"no-store, no-cache"),
            (b"pragma", b"no-cache"),
            (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
            (b"x-content-type-options", b"nosniff"),
        ]
        return status, out, answer

    def _hosts(self, base: str) -> tuple[str, ...]:
        return base, f"https://{self.host}", *clouds.aliases(base)

    def _entra(self, scope: Scope, headers: Mapping[str, str], body: bytes, base: str) -> dict[str, Any]:
        """A page of the login host. LookupError if there is no such page."""
        name, _, rest = scope["path"].lstrip("/").partition("/")
        method = scope["method"]
        if rest in {"v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"} and method == "GET":
            if name not in {"common", "organizations", "consumers"} and not discovery.known_tenant(self.tenant, name):
                raise discovery.no_tenant(name, "invalid_tenant")
            return discovery.configuration(base, name)
        if rest in {"discovery/v2.0/keys", "discovery/keys"} and method == "GET":
            return jwt.keys()
        if scope["path"] == "/common/discovery/instance" and method == "GET":
            return discovery.instances(base)
        if rest in {"oauth2/v2.0/token", "oauth2/v2.0/devicecode"} and method == "POST":
            ask = Ask(unquote(name), tokens.read_form(body), headers.get("authorization", ""), self._hosts(base))
            if rest.endswith("/devicecode"):
                return people.device_code(self.tenant, ask)
            of_people = ask.form.get("grant_type") in people.GRANTS
            return people.token(self.tenant, ask) if of_people else tokens.token(self.tenant, ask)
        raise LookupError(rest)


async def read_body(receive: Receive) -> bytes:
    """The request's body up to a limit; anything beyond it is read and dropped."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        piece = message.get("body", b"")
        if size < BODY:
            pieces.append(piece)
        size += len(piece)
        if not message.get("more_body"):
            break
    return b"".join(pieces)[:BODY]
