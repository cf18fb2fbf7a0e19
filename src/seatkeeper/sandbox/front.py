"""One listening process, several tenants and a twin: who a request is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from seatkeeper.sandbox import jwt
from seatkeeper.sandbox.app import App, Receive, Scope, Send, read_body
from seatkeeper.sandbox.ledger import entry
from seatkeeper.sandbox.mischief import Reply
from seatkeeper.sandbox.tenant import Tenant
from seatkeeper.sandbox.wire import deliver

_ANSWER: Final = b'{"value":[]}'


class Front:
    """The ASGI application of a sandbox. Requests to the twin's port only go into the ledger."""

    def __init__(self, tenants: Sequence[Tenant], host: str, twin_port: int) -> None:
        """`host` is the name and port of the sandbox itself."""
        self.apps = [App(tenant, host) for tenant in tenants]
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
        """By the tenant that the login host is asked for, or by the token; the first one for everything else."""
        if len(self.apps) == 1:
            return self.apps[0]
        name = scope["path"].strip("/").partition("/")[0].lower()
        for app in self.apps:
            if name == app.tenant.tenant_id or name in app.tenant.domains:
                return app
        token = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")[2]
        return self._by_id.get(_tenant_of(token), self.apps[0])

    async def _twin(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take everything, tell nothing."""
        tenant = self.apps[0].tenant
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await read_body(receive)
        with tenant.lock:
            tenant.ledger.append(entry(scope, headers, body, tenant.seconds, 200, twin=True))
        reply = Reply(200, [(b"content-type", b"application/json")], _ANSWER)
        await deliver(reply, scope["method"], headers.get("accept-encoding", ""), send)


def _tenant_of(token: bytes) -> str:
    """The tenant a token says it is for; whether it is good is another's question."""
    try:
        claims: Mapping[str, Any] = msgspec.json.decode(jwt.decode(token.split(b".")[1].decode()), type=dict[str, Any])
        return str(claims.get("tid", ""))
    except (IndexError, ValueError, msgspec.MsgspecError):
        return ""
