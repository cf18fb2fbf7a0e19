"""A server in the vendor's place that misbehaves on demand and remembers what it saw.

It speaks HTTPS with a certificate of its own authority; what it answers is a queue of replies for each path, of which
the last one stays.
"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from seatkeeper.graph.clouds import Endpoints

TENANT = "5f0c2b1e-7a44-4c1d-9b6e-2d1f0a9c7e10"
SCOPE = "https://graph.microsoft.com/.default"
JSON = "application/json"


@dataclass
class Seen:
    """A request that arrived, with the server's own clock."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Reply:
    """What to answer. `write`, when given, has the socket's file and writes all of the answer itself."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = JSON
    write: Callable[[Any], None] | None = None
    hang_up: bool = False  # close the connection afterwards without saying so


def page(rows: list[Any], **links: Any) -> Reply:
    """A list as Graph answers it; `next` and `delta` are its links."""
    named = {"next": "@odata.nextLink", "delta": "@odata.deltaLink"}
    return Reply(body=json.dumps({"value": rows, **{named[key]: link for key, link in links.items()}}).encode())


def refusal(status: int, code: str, message: str = "", **headers: str) -> Reply:
    """An error as Graph answers it; header names are written with underscores."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def zipped(reply: Reply) -> Reply:
    """The same reply, packed."""
    return Reply(reply.status, gzip.compress(reply.body), {**reply.headers, "Content-Encoding": "gzip"}, reply.kind)


def jwt(**claims: Any) -> str:
    """A token that looks like Microsoft's; nobody signed it."""
    parts = ({"typ": "JWT"}, claims)
    packed = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*packed, "c2ln"])


def grant(token: str | None = None, **changed: Any) -> Reply:
    """A token answer; `changed` replaces or, with None, removes fields."""
    fields = {
        "token_type": "Bearer",
        "expires_in": 3599,
        "access_token": token or jwt(tid=TENANT, aud="https://graph.microsoft.com", roles=["Directory.Read.All"]),
        **changed,
    }
    return Reply(body=json.dumps({name: value for name, value in fields.items() if value is not None}).encode())


class Vendor:
    """One server. `answers[path]` is a queue of replies; `seen` is what arrived, in order."""

    def __init__(self, context: ssl.SSLContext, ca_file: str) -> None:
        self.ca_file = ca_file
        self.seen: list[Seen] = []
        self.connections = 0
        self.answers: dict[str, deque[Reply]] = {}
        self._lock = threading.Lock()
        self._server = _Server(self, context)
        self.port = self._server.server_address[1]
        self.url = f"https://localhost:{self.port}"

    def reset(self) -> None:
        self.seen.clear()
        self.answers.clear()
        self.connections = 0

    def on(self, path: str, *replies: Reply) -> None:
        """Answer requests for this path with these replies in turn, the last one for ever."""
        self.answers[path] = deque(replies)

    def login(self, *tokens: Reply, endpoint: str | None = None) -> None:
        """Be a sign-in server too."""
        base = f"{self.url}/{TENANT}"
        self.on(
            f"/{TENANT}/v2.0/.well-known/openid-configuration",
            Reply(
                body=json.dumps(
                    {
                        "token_endpoint": endpoint or f"{base}/oauth2/v2.0/token",
                        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                        "issuer": f"{base}/v2.0",
                    }
                ).encode()
            ),
        )
        self.on(f"/{TENANT}/oauth2/v2.0/token", *(tokens or [grant()]))

    def tokens_asked(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def endpoints(self, graph: Vendor | None = None) -> Endpoints:
        return Endpoints(self.url, (graph or self).url, SCOPE, self.ca_file)

    def take(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            queue = self.answers.get(seen.path)
            if queue is None:
                return refusal(404, "Request_ResourceNotFound")
            return queue.popleft() if len(queue) > 1 else queue[0]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, vendor: Vendor, context: ssl.SSLContext) -> None:
        self.vendor = vendor
        self._context = context
        super().__init__(("localhost", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.vendor.connections += 1
        try:
            request.settimeout(10)
            with self._context.wrap_socket(request, server_side=True) as wrapped:
                _Handler(wrapped, client_address, self)
        except OSError:
            pass  # a client that hangs up is part of the tests

    def shutdown_request(self, request: Any) -> None:
        request.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: _Server

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        seen = Seen(self.command, self.path, dict(self.headers.items()), self.rfile.read(size), time.monotonic())
        reply = self.server.vendor.take(seen)
        if reply.write is not None:
            reply.write(self.wfile)
            self.close_connection = True
            return
        self.send_response(reply.status)
        fields = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body)), **reply.headers}
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.hang_up:
            self.close_connection = True

    do_GET = do_POST = _answer  # noqa: N815 - the names are the library's

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve(count: int, folder: Path) -> Iterator[list[Vendor]]:
    """Some servers of one authority."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    vendors = [Vendor(context, ca_file.read_text()) for _ in range(count)]
    for vendor in vendors:
        vendor.start()
    yield vendors
    for vendor in vendors:
        vendor.stop()


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
