"""Sends one notice to one target. Besides `graph`, this is the only file from which anything leaves this machine.

An administrator types the addresses, so they must not become a way into the network that we stand in: what leads to
an internal machine is refused unless the operator of this one allows it (SEATKEEPER_NOTICE_HOSTS).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpcore2
import httpx2

from seatkeeper import __version__
from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, Unavailable
from seatkeeper.model import TICKS, Instant, Secret, to_text
from seatkeeper.settings import SEATKEEPER
from seatkeeper.wire import TimedBackend, TooSlow, Watch, to_tls

SECONDS: Final = 10.0  # for one request as a whole
LONGEST: Final = 2_000  # characters of an address
SIGNATURE: Final = "Seatkeeper-Signature"
FIELD: Final = "address"

# What may stand behind the question mark: other options of Apprise read local files or switch checks off.
_OPTIONS: Final = {
    "mailto": {"to", "from", "name", "cc", "bcc", "reply", "smtp", "mode", "user", "pass"},
    "mailtos": {"to", "from", "name", "cc", "bcc", "reply", "smtp", "mode", "user", "pass"},
    "slack": {"footer", "timestamp", "image"},
    "workflows": {"image", "wrap", "powerautomate", "pa", "ver", "api-version", "sig", "id"},
}
SCHEMES: Final = tuple(_OPTIONS)
_WORKFLOW_HOSTS: Final = (
    ".logic.azure.com", ".api.powerplatform.com", ".logic.azure.us", ".api.powerplatform.us", ".logic.azure.cn",
)  # fmt: skip
_WIRE_SERVER: Final = ipaddress.ip_address("168.63.129.16")  # public by its number, but it is Azure's host inside


class Target(NamedTuple):
    """Where to, unsealed: to be used and forgotten."""

    kind: str
    address: Secret
    secret: Secret | None


class Message(NamedTuple):
    """What is told. A receiver that gets the same `id` twice has it already."""

    id: str
    event: str
    kind: str
    condition: str
    title: str
    body: str
    level: int
    at: Instant
    link: str


def send(target: Target, message: Message) -> None:
    """Raises BadInput for an address that leads where it may not, and Unavailable when the receiver did not take it."""
    if target.kind == "webhook":
        assert target.secret is not None
        _post(target.address.reveal(), target.secret, message)
        return
    plugin = _to_plugin(target.address.reveal())
    plugin.redirects = False
    if not plugin.notify(title=message.title, body=f"{message.body}\n\n{message.link}"):
        raise Unavailable("The message was not accepted. Test the target, and see the server's log.")


def check(kind: str, address: str) -> None:
    """Raises BadInput for an address that we would not send to, with the way out."""
    try:
        if kind == "webhook":
            _resolve(*_to_host(_to_url(address)))
        else:
            _to_plugin(address)
    except Unavailable as error:
        raise BadInput(FIELD, str(error)) from None


def _to_url(address: str) -> httpx2.URL:
    """An https address, parsed once: what was checked is what is connected to."""
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>')
    try:
        url = httpx2.URL(address) if plain and len(address) <= LONGEST else httpx2.URL()
    except (httpx2.InvalidURL, ValueError):
        url = httpx2.URL()
    if url.scheme != "https" or not url.raw_host or url.userinfo or url.fragment or (url.port or 0) > 65_535:
        raise BadInput(FIELD, "write an https address such as https://hooks.example.com/seatkeeper, without a user.")
    return url


def _to_host(url: httpx2.URL) -> tuple[str, int]:
    return url.raw_host.decode(), url.port or 443


def _resolve(host: str, port: int) -> str:
    """The address to connect to. The name is asked once, and every address it has must be one that may be reached."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable(f"The server {host[:80]} could not be found. Check its name, and the network.") from None
    addresses = [str(entry[4][0]) for entry in found]
    allowed = host.lower().strip("[]").rstrip(".") in SEATKEEPER.notice_hosts
    if not allowed and (not addresses or any(is_internal(address) for address in addresses)):
        raise BadInput(
            FIELD,
            f"{host[:80]} leads to an internal machine. If that is intended, the server's operator can add the name to "
            "SEATKEEPER_NOTICE_HOSTS.",
        )
    return addresses[0]


def is_internal(address: str) -> bool:
    """Whether an address is this machine, its network, a metadata service, or anything but one public machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (ip.sixtofour or ip.ipv4_mapped):
        return True  # an IPv4 address in disguise; whoever means a public one can write it as it is
    return not ip.is_global or ip.is_multicast or ip.is_reserved or ip == _WIRE_SERVER


class _Pinned(TimedBackend):
    """Connects to the address that was checked, whatever the name says by now; TLS still proves the name."""

    def __init__(self, watch: Watch, address: str) -> None:
        super().__init__(watch)
        self._address = address

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - it was resolved already
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        return super().connect_tcp(self._address, port, timeout, local_address, socket_options)


def _post(address: str, secret: Secret, message: Message) -> None:
    """One POST, without proxy, cookies or redirects; of the answer only its status is read."""
    url = _to_url(address)
    body = to_event(message)
    headers = {
        "Host": url.netloc.decode(),
        "User-Agent": f"seatkeeper/{__version__}",
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "Content-Length": str(len(body)),
        SIGNATURE: sign(secret, system_clock() // TICKS, body),
    }
    watch = Watch()
    backend = _Pinned(watch, _resolve(*_to_host(url)))
    watch.start(SECONDS)
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = httpcore2.Request("POST", target, headers=fields, content=body)
    try:
        with httpcore2.ConnectionPool(ssl_context=to_tls(None), network_backend=backend) as pool:
            response = pool.handle_request(request)
            response.close()
    except TooSlow:
        raise Unavailable(f"The receiver did not answer within {SECONDS:.0f} seconds.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
        raise Unavailable("The connection to the receiver was lost.") from None
    if not 200 <= response.status < 300:
        raise Unavailable(f"The receiver answered {response.status}; only 200 to 299 count as accepted.")


def to_event(message: Message) -> bytes:
    """A CloudEvent 1.0 in structured mode."""
    event = {
        "specversion": "1.0",
        "id": message.id,
        "source": SEATKEEPER.address.origin,
        "type": f"seatkeeper.notice.{message.event}",
        "subject": message.condition,
        "time": to_text(message.at),
        "datacontenttype": "application/json",
        "data": {
            "kind": message.kind, "title": message.title, "body": message.body, "level": message.level,
            "link": message.link,
        },
    }  # fmt: skip
    return json.dumps(event, ensure_ascii=False).encode()


def sign(secret: Secret, second: int, body: bytes) -> str:
    """Time and body together, so that nobody can send an old notice again unnoticed."""
    digest = hmac.new(secret.reveal().encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second},v1={digest}"


def _to_plugin(address: str) -> Any:
    """The address as Apprise understands it, with nothing in it but what we know."""
    parts = urlsplit(address) if address.isprintable() and len(address) <= LONGEST else urlsplit("")
    options = {key.lower().lstrip("+-:") for key in parse_qs(parts.query, keep_blank_values=True)}
    if parts.scheme not in SCHEMES:
        raise BadInput(FIELD, f"must begin with one of: {', '.join(f'{scheme}://' for scheme in SCHEMES)}.")
    if unknown := options - _OPTIONS[parts.scheme]:
        raise BadInput(FIELD, f"the option {min(unknown)[:40]!r} is not taken here.")
    import apprise  # noqa: PLC0415 - a heavy import that few processes need

    plugin: Any = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if plugin is None:
        raise BadInput(FIELD, f"is not complete for {parts.scheme}://. See the examples in docs/notices.md.")
    if parts.scheme.startswith("mailto"):
        _resolve(plugin.smtp_host or plugin.host, plugin.port or 25)
    elif parts.scheme == "workflows" and not plugin.host.lower().endswith(_WORKFLOW_HOSTS):
        raise BadInput(FIELD, f"{plugin.host[:80]} is not a server of Microsoft's workflows.")
    return plugin
