"""Sockets with one deadline for a whole request, whom we trust, and network errors in plain words.

Used by the ways out of this machine: `graph`, and the delivery of notices.

The HTTP library has time limits for single reads only, so a server that sends one byte a second is never late
for it. Here every read and write gets what is left of the request's time.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any, Final

import httpcore2
import httpx2

from seatkeeper.errors import BadInput, Unavailable

CONNECT_SECONDS: Final = 10.0
GIVE_PEM: Final = "Give the certificates of the authority as PEM text, which begins with -----BEGIN CERTIFICATE-----"
_NEXT_ADDRESS_SECONDS: Final = 4.0  # an address that swallows packets leaves time for the next one


class TooSlow(Unavailable):
    """The answer did not arrive within the request's deadline."""


class NotTrusted(Unavailable):
    """The server could not prove who it is; asking again would not change that."""


class Watch(threading.local):
    """What this thread's request has seen so far; threads share connections but never a request."""

    end: float = 0.0
    seconds: float = 0.0
    connected: bool = False
    heard: bool = False

    def start(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds
        self.connected = self.heard = False

    @property
    def stale(self) -> bool:
        """True when a kept connection died before it said anything: the other side had closed it."""
        return not self.connected and not self.heard

    def left(self) -> float:
        """Seconds left. Raises TooSlow when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise self.late()
        return left

    def late(self) -> TooSlow:
        return TooSlow(f"The server did not finish its answer within {self.seconds:g} seconds. We try again later.")


class TimedBackend(httpcore2.SyncBackend):
    """Connects with the words an administrator understands, and hands out timed streams."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first address that takes it. Raises Unavailable."""
        self._watch.connected = True
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unavailable(
                f"The server {host} could not be found. Check the network and its name service (DNS)."
            ) from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        reason = "it has no address"
        for rest, address in zip(reversed(range(len(addresses))), addresses, strict=True):
            wait = min(_NEXT_ADDRESS_SECONDS if rest else CONNECT_SECONDS, self._watch.left())
            try:
                stream = super().connect_tcp(address, port, wait, local_address, socket_options)
            except httpcore2.ConnectTimeout:
                reason = f"it did not answer within {wait:.0f} seconds"
            except httpcore2.ConnectError as error:
                refused = isinstance(error.__cause__, ConnectionRefusedError)
                told = getattr(error.__cause__, "strerror", None) or "the connection failed"
                reason = "it refused the connection" if refused else told.lower()
            else:
                return _TimedStream(stream, self._watch, host)
        raise Unavailable(
            f"The server {host}, port {port}, could not be reached: {reason}. Check the network and its firewall."
        )


class _TimedStream(httpcore2.NetworkStream):
    """A stream whose every operation ends with the request it serves."""

    def __init__(self, inner: httpcore2.NetworkStream, watch: Watch, host: str) -> None:
        self._inner = inner
        self._watch = watch
        self._host = host

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline rules
        try:
            data = self._inner.read(max_bytes, self._watch.left())
        except httpcore2.ReadTimeout:
            raise self._watch.late() from None
        if data:
            self._watch.heard = True
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        try:
            self._inner.write(buffer, self._watch.left())
        except httpcore2.WriteTimeout:
            raise self._watch.late() from None

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """The same stream, encrypted. Raises NotTrusted when the server cannot prove its name."""
        wait = min(CONNECT_SECONDS if timeout is None else timeout, self._watch.left())
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, wait)
        except httpcore2.ConnectTimeout:
            raise Unavailable(f"The server {self._host} did not finish its TLS handshake in time.") from None
        except httpcore2.ConnectError as error:
            cause = error.__cause__
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise NotTrusted(
                    f"The certificate of {self._host} is not trusted: {cause.verify_message}. If a company proxy or a "
                    "server of your own stands there, give the certificate of its authority with --ca-file. Nothing "
                    "was sent."
                ) from None
            if isinstance(cause, ssl.SSLError):
                raise Unavailable(
                    f"No safe connection to {self._host}: {cause.reason or 'TLS failed'}. TLS 1.2 or newer is needed; "
                    "if a company proxy stands there, give the certificate of its authority with --ca-file."
                ) from None
            raise Unavailable(f"The server {self._host} closed the connection during the TLS handshake.") from None
        return _TimedStream(inner, self._watch, self._host)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def to_tls(ca_file: str | None) -> ssl.SSLContext:
    """How we check who answers: TLS 1.2 or newer, verified by the system's authorities or by those of `ca_file` alone.

    It is PEM text: no path that anybody stored is opened. The environment (SSL_CERT_FILE) is not asked: it would let
    another program's setting decide whom we trust. Raises BadInput when it cannot be used.
    """
    if ca_file is None:
        context = httpx2.create_ssl_context(trust_env=False)
    else:
        if not is_pem(ca_file):
            raise BadInput(
                "ca_file",
                f"{ca_file[:200]!r} is the path of a file, as earlier versions stored it, and is not opened any more. "
                "Store the file's text with `seatkeeper apps edit NAME --ca-file PATH`.",
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=ca_file.encode("ascii", "replace").decode())
        except (OSError, ValueError):
            raise BadInput("ca_file", f"cannot be used: it holds no certificate in PEM form. {GIVE_PEM}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def is_pem(text: str) -> bool:
    return "-----BEGIN " in text
