"""The wire below the real sender: in memory, byte for byte as HTTP/1.1 has it, or over sockets with TLS."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpcore2
import pytest
import stamina
import stamina.instrumentation
import trustme

from seatkeeper.graph import egress
from seatkeeper.wire import TimedBackend, Watch, _TimedStream, to_tls


class Question(NamedTuple):
    """One request as it left: where the connection leads, and what was written to it."""

    host: str
    port: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Raw(NamedTuple):
    """What comes back, byte for byte, and whether the other side hangs up behind it."""

    data: bytes
    hang_up: bool = False


Speaker = Callable[[Question], Raw]


class _Pipe(httpcore2.NetworkStream):
    """One connection."""

    def __init__(self, host: str, port: int, speak: Speaker) -> None:
        self._place, self._speak = (host, port), speak
        self._asked, self._coming, self._over = b"", b"", False

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._over:
            raise httpcore2.WriteError("hung up")
        self._asked += buffer

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._asked:
            raw = self._speak(to_question(*self._place, self._asked))
            self._asked, self._over = b"", raw.hang_up
            self._coming += raw.data
        if not self._coming and not self._over:
            raise httpcore2.ReadTimeout("silence")
        now, self._coming = self._coming[:max_bytes], self._coming[max_bytes:]
        return now

    def close(self) -> None:
        self._over = True

    def start_tls(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return bool(self._coming) or self._over if info == "is_readable" else None


class _Backend(TimedBackend):
    """Connects nowhere, and keeps everything else of the real one."""

    def __init__(self, watch: Watch, speak: Speaker) -> None:
        super().__init__(watch)
        self._speak = speak

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        self._watch.connected = True
        return _TimedStream(_Pipe(host, port, self._speak), self._watch, host)


def to_question(host: str, port: int, asked: bytes) -> Question:
    """A whole request, read without any library of ours."""
    head, _, body = asked.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Question(host, port, method, rest.rpartition(" ")[0], fields, body)


def whole(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """An answer as HTTP has it; the length is the caller's to say."""
    lines = [f"HTTP/1.1 {status} Answer".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@contextmanager
def impatient() -> Iterator[None]:
    """As many tries as ever, and nobody waits between two."""
    stamina.instrumentation.set_on_retry_hooks([])
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@contextmanager
def speaking(speak: Speaker) -> Iterator[None]:
    """Whoever opens a door meets this speaker in memory."""
    context = to_tls(None)
    with pytest.MonkeyPatch.context() as patch, impatient():
        patch.setattr(egress, "TimedBackend", lambda watch: _Backend(watch, speak))
        patch.setattr(egress, "to_tls", lambda _file: context)
        yield


@contextmanager
def serving(speak: Speaker, folder: Path) -> Iterator[tuple[str, str]]:
    """The same speaker behind a port, with a certificate: its address and the file of its authority."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                _converse(self.request, context, speak)

    with _Server(("localhost", 0), Handler) as server, impatient():
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://localhost:{server.server_address[1]}", str(ca_file)
        server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def _converse(plain: socket.socket, context: ssl.SSLContext, speak: Speaker) -> None:
    """Questions and answers until one side hangs up. Who is silent has nothing more to say."""
    plain.settimeout(5)
    with context.wrap_socket(plain, server_side=True) as wrapped:
        asked = b""
        while more := wrapped.recv(65_536):
            asked += more
            question = to_question("localhost", 0, asked)
            if b"\r\n\r\n" not in asked or len(question.body) < int(question.headers.get("content-length", "0")):
                continue
            raw, asked = speak(question), b""
            wrapped.sendall(raw.data)
            if raw.hang_up:
                return
            wrapped.settimeout(0.5)
