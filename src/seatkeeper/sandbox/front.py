"""Routes a request to one of several tenants, or to the twin that must never see a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from seatkeeper.sandbox.app import App, Receive, Scope, Send, read_body
from seatkeeper.sandbox.faults import FaultyTenant, Reply
from seatkeeper.sandbox.graph.throttle import Meter
from seatkeeper.sandbox.ledger import entry
from seatkeeper.sandbox.login import jwt
from seatkeeper.sandbox.wire import deliver
from seatkeeper.sandbox.world.tenant import Settings

_ANSWER: Final = b'{"value":[]}'


MOST_TENANTS: Final = 500


def neighbours(settings: Settings, faults: Sequence[str], count: int) -> list[FaultyTenant]:
    """Several tenants of one process with consecutive seeds, the same app registration and one ledger."""
    if not 1 <= count <= MOST_TENANTS:
        raise ValueError(f"tenants: {count} is not between 1 and {MOST_TENANTS}")
    found = [FaultyTenant(replace(settings, seed=settings.seed + n), faults) for n in range(count)]
    first = found[0]
    for place, tenant in enumerate(found[1:], start=2):
        tenant.domains = {f"northwind{place}.onmicrosoft.example"}
        tenant.client_id, tenant.client_secret = first.client_id, first.client_secret
        tenant.ledger = first.ledger
    return found


class Front:
    """The ASGI application of a sandbox. Requests to the twin's port only go into the ledger."""

    def __init__(self, tenants: Sequence[FaultyTenant], host: str, twin_port: int) -> None:
        """`host` is the name and port of the sandbox itself."""
        meter = Meter()
        self.apps = [App(tenant, host, meter) for tenant in tenants]
        self._by_id = {tenant.tenant_id: app for tenant, app in zip(tenants, self.apps, strict=True)}
        self.twin_port = twin_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] != "http":
            return
        server = scope.get("server")
        if server and server[1] == self.twin_port:
            await self._twin(scope, receive, send)
        else:
            await self._app(scope)(scope, receive, send)

    def _app(self, scope: Scope) -> App:
        """The tenant named in the path or in the token, else the first one."""
        if len(self.apps) == 1:
            return self.apps[0]
        name = scope["path"].strip("/").partition("/")[0].lower()
        for app in self.apps:
            if name == app.tenant.tenant_id or name in app.tenant.domains:
                return app
        token = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")[2]
        return self._by_id.get(_tenant_of(token), self.apps[0])

    async def _twin(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Accept any request and reveal nothing."""
        tenant = self.apps[0].tenant
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await read_body(receive)
        with tenant.lock:
            tenant.ledger.append(entry(scope, headers, body, tenant.seconds, 200, twin=True))
        reply = Reply(200, [(b"content-type", b"application/json")], _ANSWER)
        await deliver(reply, scope["method"], headers.get("accept-encoding", ""), send)


def _tenant_of(token: bytes) -> str:
    """The tenant that a token names, unverified."""
    try:
        claims: Mapping[str, Any] = msgspec.json.decode(jwt.decode(token.split(b".")[1].decode()), type=dict[str, Any])
        return str(claims.get("tid", ""))
    except (IndexError, ValueError, msgspec.MsgspecError):
        return ""
