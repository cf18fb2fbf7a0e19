"""The ASGI application: one callable, two hosts in one. /v1.0 is Graph, everything else the login host."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from seatkeeper.sandbox import delta_pages, identity, jwt, log_pages, other_pages, queries, refusals, user_pages
from seatkeeper.sandbox.answers import encode, iso
from seatkeeper.sandbox.assertions import Ask, TokenRefusal
from seatkeeper.sandbox.dice import object_guid
from seatkeeper.sandbox.request import Answer, Request
from seatkeeper.sandbox.tenant import Tenant

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BODY: Final = 65_536  # bytes of a request body that are read
SMALL: Final = 1_000  # bytes under which nothing is compressed
JSON: Final = b"application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC: Final = (
    b'{"ServerInfo":{"DataCenter":"North Europe","Slice":"E","Ring":"4","ScaleUnit":"003",'
    b'"RoleInstance":"DB1PEPF00012345"}}'
)
_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
_USER: Final = re.compile(r"/users/([^/]+)", re.IGNORECASE)
_SIGN_IN: Final = re.compile(r"/auditlogs/signins/([^/]+)", re.IGNORECASE)
_CLIENT_ID: Final = re.compile(r"[\x21-\x7e]{1,64}")

Handler = Callable[[Tenant, Request], Answer]
_ENDPOINTS: Final[dict[str, Handler]] = {
    "/users": user_pages.list_users,
    "/users/$count": user_pages.count_users,
    "/users/delta": delta_pages.delta,
    "/users/microsoft.graph.delta()": delta_pages.delta,
    "/users/delta()": delta_pages.delta,
    "/auditlogs/signins": log_pages.list_sign_ins,
    "/subscribedskus": other_pages.subscribed_skus,
    "/organization": other_pages.organization,
    "/admin/reportsettings": other_pages.report_settings,
}


class App:
    """Serves one tenant."""

    def __init__(self, tenant: Tenant, host: str = "localhost") -> None:
        """`host` is the name and port the sandbox is known by."""
        self.tenant = tenant
        self.host = host
        self._claims: dict[str, dict[str, Any]] = {}
        self._served = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive) if scope["method"] not in {"GET", "HEAD"} else b""
        path: str = scope["path"]
        with self.tenant.lock:
            if path.startswith("/v1.0/") or path == "/v1.0":
                status, out, answer = self._graph(scope, headers)
            else:
                status, out, answer = self._login(scope, headers, body)
            self._remember(scope, headers, status)
        if len(answer) > SMALL and "gzip" in headers.get("accept-encoding", ""):
            packer = zlib.compressobj(1, wbits=31)
            answer = packer.compress(answer) + packer.flush()
            out.append((b"content-encoding", b"gzip"))
        out.append((b"content-length", b"%d" % len(answer)))
        if scope["method"] == "HEAD":
            answer = b""
        await send({"type": "http.response.start", "status": status, "headers": out})
        await send({"type": "http.response.body", "body": answer})

    def _remember(self, scope: Scope, headers: Mapping[str, str], status: int) -> None:
        authorization = headers.get("authorization", "")
        secret = authorization.partition(" ")[2] if authorization.lower().startswith("bearer ") else ""
        self.tenant.ledger.append(
            {
                "time": iso(self.tenant.seconds),
                "method": scope["method"],
                "host": headers.get("host", ""),
                "origin": f"{scope.get('scheme', 'https')}://{headers.get('host', '')}",
                "path": scope["path"],
                "query": scope["query_string"][:4096].decode("latin-1"),
                "bearer": hashlib.sha256(secret.encode()).hexdigest() if secret else None,
                "status": status,
            }
        )

    def _base(self, headers: Mapping[str, str]) -> str:
        """The origin the client came by, when it is one of ours."""
        host = headers.get("host", "")
        return f"https://{host if _LOOPBACK.fullmatch(host) else self.host}"

    # --- Graph ----------------------------------------------------------------------------------------------------

    def _graph(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, Headers, bytes]:
        self._served += 1
        request_id = object_guid(self.tenant.settings.seed, "request", self._served)
        echo = headers.get("client-request-id", "")
        client_id = echo if _CLIENT_ID.fullmatch(echo) else request_id
        now = self.tenant.tick()
        try:
            answer = self._answer(scope, headers, now)
        except refusals.Refusal as refusal:
            body = refusals.body(refusal, str(iso(now))[:-1], request_id, client_id)
            answer = Answer(body, 1, refusal.status, {"Content-Type": "application/json", **refusal.headers})
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

    def _answer(self, scope: Scope, headers: Mapping[str, str], now: int) -> Answer:
        path = scope["path"][5:] or "/"
        instead = self.tenant.mischief.before(path)
        if instead is not None:
            raise instead
        base = self._base(headers)
        claims = self._authorized(headers, base, now)
        if scope["method"] not in {"GET", "HEAD"}:
            raise refusals.Refusal(
                405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
            )
        request = Request(
            path=path,
            address=base + "/v1.0" + path,
            query=queries.read(scope["query_string"]),
            headers=headers,
            roles=frozenset(map(str, claims.get("roles", ()))),
            now=now,
        )
        return self._route(request)

    def _route(self, request: Request) -> Answer:
        handler = _ENDPOINTS.get(request.path.lower().rstrip("/"))
        if handler:
            return handler(self.tenant, request)
        one = _USER.fullmatch(request.path)
        if one:
            return user_pages.one_user(self.tenant, request, one.group(1))
        event = _SIGN_IN.fullmatch(request.path)
        if event:
            return log_pages.one_sign_in(self.tenant, request, event.group(1))
        raise refusals.no_segment(request.path.strip("/").partition("/")[0])

    def _authorized(self, headers: Mapping[str, str], base: str, now: int) -> dict[str, Any]:
        """The claims of a good token."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise refusals.unauthorized("Access token is empty.")
        text = text.strip()
        claims = self._claims.get(text)
        if claims is None:
            claims = jwt.claims_of(text)
            if claims is None:
                raise refusals.unauthorized("CompactToken parsing failed with error code: 80049217")
            if len(self._claims) > 1000:
                self._claims.clear()
            self._claims[text] = claims
        if (
            claims["aud"] not in identity.CLOUDS | {base, f"https://{self.host}"}
            or claims["tid"] != self.tenant.tenant_id
        ):
            raise refusals.unauthorized("Access token validation failure. Invalid audience.")
        if now >= claims["exp"]:
            raise refusals.unauthorized("Lifetime validation failed, the token is expired.")
        return claims

    # --- the login host -------------------------------------------------------------------------------------------

    def _login(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> tuple[int, Headers, bytes]:
        base = self._base(headers)
        correlation = headers.get("client-request-id", "")
        try:
            status, shape = 200, self._entra(scope, headers, body, base)
            answer = encode(shape)
        except TokenRefusal as refusal:
            self._served += 1
            trace = object_guid(self.tenant.settings.seed, "trace", self._served)
            stamp = str(iso(self.tenant.seconds)).replace("T", " ")
            known = correlation if _CLIENT_ID.fullmatch(correlation) else object_guid(trace, "correlation")
            status, answer = refusal.status, identity.refusal_body(refusal, stamp, trace, known)
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

    def _entra(self, scope: Scope, headers: Mapping[str, str], body: bytes, base: str) -> dict[str, Any]:
        """A page of the login host; LookupError when there is none."""
        name, _, rest = scope["path"].lstrip("/").partition("/")
        method = scope["method"]
        if rest in {"v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"} and method == "GET":
            if name not in {"common", "organizations", "consumers"} and not identity.known_tenant(self.tenant, name):
                raise identity.no_tenant(name, "invalid_tenant")
            return identity.configuration(base, name)
        if rest in {"discovery/v2.0/keys", "discovery/keys"} and method == "GET":
            return jwt.keys()
        if rest == "oauth2/v2.0/token" and method == "POST":
            hosts = (base, f"https://{self.host}")
            ask = Ask(unquote(name), identity.read_form(body), headers.get("authorization", ""), hosts)
            return identity.token(self.tenant, ask)
        raise LookupError(rest)


async def _body(receive: Receive) -> bytes:
    """The request's body up to a bound; what is beyond it is read and dropped."""
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
