"""Azure's identity service as machines on Azure see it: a plain HTTP port on loopback that gives out tokens.

It answers as the metadata service of a virtual machine (IMDS) and as the endpoint of App Service and Container Apps.
Shapes and words: entra-docs, how-to-use-vm-token.md; azure-docs, app-service/overview-managed-identity.md; the texts of
the refusals are from the tests of Microsoft's own libraries.
"""

from __future__ import annotations

import json
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

from seatkeeper.sandbox.login.workload import trust_workload, workload_token
from seatkeeper.sandbox.world.tenant import Tenant

SYSTEM: Final = "system"
HEADER: Final = "pretend-identity-header"
_IMDS: Final = "/metadata/identity/oauth2/token"
_APP_SERVICE: Final = "/msi/token"
_NOT_ASSIGNED: Final = (
    "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
)
_LIFE: Final = 86_400  # seconds


class IdentityService(ThreadingHTTPServer):
    """Listens while the `with` block runs. `assigned` are the identities of the machine: `system`, or client ids.

    `instead` is a status and a body that take the place of every answer, for what can go wrong.
    """

    daemon_threads = True

    def __init__(self, tenant: Tenant | None = None) -> None:
        """`tenant` trusts the identity."""
        if tenant is not None:
            trust_workload(tenant)
        self.assigned = {SYSTEM}
        self.instead: tuple[int, bytes] | None = None
        self.asked: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def __enter__(self) -> Self:
        serve = partial(self.serve_forever, poll_interval=0.02)  # seconds it may take to end
        threading.Thread(target=serve, name="seatkeeper-sandbox-identity", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def machine(self) -> dict[str, str]:
        """The environment in which a client takes it for a virtual machine's."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://127.0.0.1:{self.server_port}"}

    @property
    def app_service(self) -> dict[str, str]:
        """The environment that App Service gives its programs."""
        endpoint = f"http://127.0.0.1:{self.server_port}{_APP_SERVICE}"
        return {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": HEADER}

    def answer(self, path: str, headers: Any, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and JSON."""
        identity, now = asked.get("client_id", SYSTEM), int(time.time())
        if path == _IMDS:
            if headers.get("Metadata") != "true":
                return 400, {"error": "invalid_request", "error_description": "Required metadata header not specified"}
            if identity not in self.assigned:
                return 400, {"error": "invalid_request", "error_description": "Identity not found"}
            life = {"expires_in": str(_LIFE)}
        elif path == _APP_SERVICE:
            if headers.get("X-IDENTITY-HEADER") != HEADER:
                return 401, {"statusCode": 401, "message": "Unauthorized"}
            if identity not in self.assigned:
                return 400, {"statusCode": 400, "message": _NOT_ASSIGNED}
            life = {}
        else:
            return 404, {"error": "not_found"}
        token = workload_token(aud=asked.get("resource", ""), exp=now + _LIFE)
        more = {"expires_on": str(now + _LIFE), "resource": asked.get("resource", ""), "token_type": "Bearer"}
        return 200, {"access_token": token, **life, **more}


class _Handler(BaseHTTPRequestHandler):
    server: IdentityService
    timeout = 30

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = dict(parse_qsl(address.query))
        self.server.asked.append(asked)
        status, shape = self.server.answer(address.path, self.headers, asked)
        status, body = self.server.instead or (status, json.dumps(shape).encode())
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status in (301, 302, 307):
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}{_IMDS}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Log nothing."""
