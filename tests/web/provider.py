"""A small OpenID Connect provider over real HTTPS, which can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "seatkeeper:client"
CLIENT_SECRET = "client-secret-never-shown"


@dataclass
class Provider:
    issuer: str
    ca_file: str
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    claims: dict[str, Any] = field(default_factory=dict)  # of the person who signs in
    config: dict[str, Any] = field(default_factory=dict)  # what its discovery says otherwise
    sign: Callable[[dict[str, Any]], str] | None = None  # how it signs otherwise
    id_token: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)  # what the token endpoint was sent
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, address: str) -> dict[str, str]:
        """A person signs in at the address we were sent to: what comes back in the redirect."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        code = f"code{len(self._codes)}"
        self._codes[code] = query
        return {"code": code, "state": query["state"]}

    def discovery(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer, **{name: self.issuer + path for name, path in paths.items()}} | self.config

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "key1", "use": "sig", "alg": "RS256"}]}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """An authorization code is spent once, by whoever has its verifier and the client's secret."""
        self.asked.append(form)
        query = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if query is None or query.get("code_challenge") != challenge or form.get("client_secret") != CLIENT_SECRET:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": query.get("nonce")}
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        answer: dict[str, Any] = {"access_token": "opaque", "token_type": "Bearer"}
        if self.id_token:
            answer["id_token"] = (self.sign or self.signed)(claims)
        return 200, answer

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, "RS256", {"kid": "key1"})


@contextmanager
def serve(folder: Path) -> Iterator[Provider]:
    """The provider on a free port, until the test is over."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca_file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
            self._answer(200, pages[self.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.token({key: values[0] for key, values in parse_qs(body).items()}))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    provider = Provider(f"https://localhost:{server.server_port}", str(ca_file))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
