"""The control endpoint: a plain HTTP port on loopback where a test, in any language, moves time and asks for the truth.

GET /truth, /truth?at=ISO, /findings?threshold=DAYS&grace=DAYS&from=ISO&until=ISO&read=ISO,ISO…&active=ISO&at=ISO,
/findings?product=microsoft-visio&reported=ISO&…, /visio-activity?period=DAYS, /ledger, /ledger/hash, /faults, /now;
POST /move {days, hours, seconds}, /now {now}, /faults {on: [NAME=VALUE], off: [NAME]}. With several tenants,
?tenant=ID chooses one.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from seatkeeper.sandbox.faults import FAULTS, FaultyTenant
from seatkeeper.sandbox.ledger import ledger_hash
from seatkeeper.sandbox.world import visio_use
from seatkeeper.sandbox.world.catalog import MORE, PRODUCTS, PROJECT
from seatkeeper.sandbox.world.clock import instant, iso
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.truth import stream
from seatkeeper.sandbox.world.truth_findings import TICKS, Reader, findings

BODY: Final = 1_048_576
_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
_CSV: Final = "/visio-activity"
_STEPS: Final = ("days", "hours", "seconds")


class ControlServer(ThreadingHTTPServer):
    """Listens beside the sandbox, in threads of its own."""

    daemon_threads = True

    def __init__(self, tenants: Sequence[FaultyTenant], port: int) -> None:
        """Port 0 is a free one."""
        self.tenants = tuple(tenants)
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in the background."""
        serve = partial(self.serve_forever, poll_interval=0.02)  # seconds it may take to end
        threading.Thread(target=serve, name="seatkeeper-sandbox-control", daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """One request to the control endpoint."""

    server: ControlServer
    protocol_version = "HTTP/1.0"
    server_version = "sandbox"
    timeout = 30

    def do_GET(self) -> None:
        """Ask."""
        self._serve(_GET)

    def do_POST(self) -> None:
        """Change."""
        self._serve(_POST)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Log nothing."""

    def _serve(self, table: Mapping[str, Page]) -> None:
        try:
            self._send(200, *self._answer(table))
        except LookupError as error:
            self._send(404, [json.dumps({"error": str(error.args[0])}).encode()])
        except (ValueError, TypeError, OverflowError) as error:
            self._send(400, [json.dumps({"error": str(error)}).encode()])

    def _answer(self, table: Mapping[str, Page]) -> tuple[Iterable[bytes], str]:
        """The answer in pieces and its content type."""
        if not _LOOPBACK.fullmatch(self.headers.get("Host", "")) or self.headers.get("Origin"):
            # A page in a browser can reach loopback ports too.
            raise ValueError("only programs on this machine may control the sandbox")
        address = urlsplit(self.path)
        path = address.path.rstrip("/")
        if path not in table:
            raise LookupError(f"no such page; there are GET {', '.join(_GET)} and POST {', '.join(_POST)}")
        asked: dict[str, Any] = {name: values[0] for name, values in parse_qs(address.query).items()}
        name = asked.get("tenant", self.server.tenants[0].tenant_id).lower()
        tenant = next((tenant for tenant in self.server.tenants if tenant.tenant_id == name), None)
        if tenant is None:
            raise LookupError("no such tenant")
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= BODY:
            raise ValueError(f"a body has at most {BODY} bytes")
        body = json.loads(self.rfile.read(length)) if length else {}
        if not isinstance(body, dict):
            raise TypeError("the body is a JSON object")
        return table[path](tenant, asked | body), "text/csv" if path == _CSV else "application/json"

    def _send(self, status: int, pieces: Iterable[bytes], kind: str = "application/json") -> None:
        """Send piece by piece, so that the truth about a million people is never in memory as a whole."""
        rest = iter(pieces)
        first = next(rest, b"")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(first)
        for piece in rest:
            self.wfile.write(piece)


Page = Callable[[FaultyTenant, Mapping[str, Any]], Iterable[bytes]]


def _one(shape: Any) -> Iterator[bytes]:
    yield json.dumps(shape, ensure_ascii=True).encode() + b"\n"


def _truth(tenant: FaultyTenant, asked: Mapping[str, Any]) -> Iterable[bytes]:
    at = asked.get("at")
    return stream(tenant, None if at is None else int(instant(str(at))))


def _findings(tenant: FaultyTenant, asked: Mapping[str, Any]) -> Iterator[bytes]:
    at, product = asked.get("at"), str(asked.get("product", PROJECT))
    products = (*PRODUCTS, *MORE) if tenant.settings.everything else PRODUCTS
    if product not in products:
        raise ValueError(f"product: {product!r} is none of {', '.join(products)}")
    return _one(findings(tenant, _to_reader(asked), None if at is None else int(instant(str(at))), product))


def _visio_activity(tenant: FaultyTenant, asked: Mapping[str, Any]) -> Iterator[bytes]:
    """The CSV file of the admin center."""
    with tenant.lock:
        yield visio_use.report(tenant, int(asked.get("period", 180))).encode()


def _ledger(tenant: FaultyTenant, _asked: Mapping[str, Any]) -> Iterator[bytes]:
    with tenant.lock:
        entries = list(tenant.ledger)
    yield b"["
    for place, one in enumerate(entries):
        yield (b",\n" if place else b"") + json.dumps(one).encode()
    yield b"]\n"


def _ledger_hash(tenant: FaultyTenant, _asked: Mapping[str, Any]) -> Iterator[bytes]:
    with tenant.lock:
        entries = list(tenant.ledger)
    return _one({"sha256": ledger_hash(entries), "requests": len(entries)})


def _faults(tenant: FaultyTenant, _asked: Mapping[str, Any]) -> Iterator[bytes]:
    return _one({"on": tenant.faults.active, "known": list(FAULTS)})


def _now(tenant: FaultyTenant, _asked: Mapping[str, Any]) -> Iterator[bytes]:
    return _one({"now": iso(tenant.seconds)})


def _move(tenant: FaultyTenant, asked: Mapping[str, Any]) -> Iterator[bytes]:
    steps = {name: asked[name] for name in _STEPS if name in asked}
    if not steps or not all(isinstance(value, int | float) for value in steps.values()):
        raise ValueError("give days, hours or seconds as numbers")
    tenant.move(**steps)
    return _now(tenant, asked)


def _set_now(tenant: FaultyTenant, asked: Mapping[str, Any]) -> Iterator[bytes]:
    wanted = datetime.fromtimestamp(instant(str(asked.get("now"))), UTC)
    tenant.move(seconds=wanted.timestamp() - tenant.seconds)
    return _now(tenant, asked)


def _set_faults(tenant: FaultyTenant, asked: Mapping[str, Any]) -> Iterator[bytes]:
    on, off = asked.get("on", []), asked.get("off", [])
    if not isinstance(on, list) or not (isinstance(off, list) or off == "all"):
        raise TypeError('give {"on": ["NAME=VALUE", …], "off": ["NAME", …] or "all"}')
    for name in [None] if off == "all" else off:
        tenant.switch_off(name)
    for text in on:
        name, _, value = str(text).partition("=")
        tenant.switch_on(name, value)
    return _faults(tenant, asked)


_GET: Final[dict[str, Page]] = {
    "/truth": _truth,
    "/findings": _findings,
    _CSV: _visio_activity,
    "/ledger": _ledger,
    "/ledger/hash": _ledger_hash,
    "/faults": _faults,
    "/now": _now,
}
_POST: Final[dict[str, Page]] = {
    "/move": _move,
    "/now": _set_now,
    "/faults": _set_faults,
}


def _to_reader(asked: Mapping[str, Any]) -> Reader:
    """A reader from the query of the control endpoint. Raises ValueError for what cannot be read."""
    complete = None
    if "from" in asked and "until" in asked:
        complete = _to_ticks(asked["from"]), _to_ticks(asked["until"])
    read = tuple(sorted(int(instant(text)) for text in asked.get("read", "").split(",") if text))
    active = int(instant(asked["active"])) if asked.get("active") else None
    reported = int(instant(asked["reported"])) if asked.get("reported") else None
    threshold, grace = int(asked.get("threshold", 60)) * DAY, int(asked.get("grace", 30)) * DAY
    return Reader(threshold, grace, complete, read, active, reported, silent=asked.get("silent") == "yes")


def _to_ticks(text: str) -> int:
    return int(instant(text)) * TICKS
