"""Sends one request and reads one answer, both within bounds; nothing else here opens a connection to Microsoft."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import httpcore2
import httpx2
import msgspec

from seatkeeper import __version__
from seatkeeper.errors import BrokenAnswer, Interrupted, TooLarge, Unavailable
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.origin import Origin, untrusted
from seatkeeper.wire import TimedBackend, Watch, to_tls

_MIB: Final = 1024 * 1024
_STEP: Final = 4 * _MIB
_SMALL: Final = 64 * 1024  # as much as we read of an answer that is not a success
_IDLE_SECONDS: Final = 50.0
_BROKEN: Final = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.PoolTimeout)
_AGENT: Final = f"seatkeeper/{__version__}"


class Answer(msgspec.Struct, frozen=True):
    """What came back; `at` is the monotonic second at which the last byte was read."""

    status: int
    headers: httpx2.Headers
    body: bytes
    at: float

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"  # a body may hold a token or people


class Egress:
    """The only sender: no proxy, redirect, cookie or environment is in it that could lead a token elsewhere.

    `deadline` is seconds for one whole request, `cap` the bytes of one decompressed answer.
    """

    def __init__(self, endpoints: Endpoints, *, deadline: float = 60.0, cap: int = 64 * _MIB) -> None:
        self.login = Origin.of(endpoints.login_url)
        self.graph = Origin.of(endpoints.graph_url)
        self._trusted = {self.login, self.graph, *map(Origin.of, endpoints.aliases)}
        self._deadline = deadline
        self._cap = cap
        self._watch = Watch()
        self._closed = threading.Event()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=to_tls(endpoints.ca_file),
            max_connections=10,
            max_keepalive_connections=4,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=TimedBackend(self._watch),
        )

    def send(self, method: str, url: str | httpx2.URL, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send to the sign-in or the Graph server and nowhere else.

        Raises UntrustedLink for any other server, Unavailable for the network, BrokenAnswer for an unreadable
        body.
        """
        try:
            target = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError):
            target = httpx2.URL()  # which no server has
        if target.scheme != "https" or target.userinfo or Origin.of(target) not in self._trusted:
            raise untrusted()
        self._watch.start(self._deadline)
        try:
            return self._exchange(method, target, headers, body)
        except _BROKEN as error:
            if self._closed.is_set() or not self._watch.stale:
                raise _to_error(error) from None
        # A kept connection had been closed by the other side. That is no fault; the deadline goes on running.
        try:
            return self._exchange(method, target, headers, body)
        except _BROKEN as error:
            raise _to_error(error) from None

    def close(self) -> None:
        """Give the connections back; a request that is on its way in another thread breaks off and is not repeated."""
        self._closed.set()
        self._pool.close()

    def hang_up(self) -> None:
        """Give the connections back, because what comes over them cannot be told apart; the next request opens one."""
        self._pool.close()

    def _exchange(self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if self._closed.is_set():
            raise Interrupted("Reading was broken off.")
        fields = {"Host": url.netloc.decode(), "User-Agent": _AGENT, "Accept-Encoding": "gzip", **headers}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        request = httpcore2.Request(
            method,
            # Parts of the one parsed url, so that nothing is parsed a second time on the way out.
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=[(name.encode(), value.encode()) for name, value in fields.items()],
            content=body,
            extensions={"timeout": {"pool": self._deadline}},
        )
        response = self._pool.handle_request(request)
        try:
            received = httpx2.Headers(response.headers)
            encoding = received.get("content-encoding", "identity").strip().lower() or "identity"
            if encoding not in ("identity", "gzip"):
                raise BrokenAnswer(
                    "The answer is packed in a way that was not asked for.", detail=f"status={response.status}"
                )
            pieces = _gunzip(response.iter_stream()) if encoding == "gzip" else response.iter_stream()
            if 200 <= response.status < 300:
                content = _take(pieces, self._cap, whole=True)
            else:
                content = _take(pieces, _SMALL)[:_SMALL]
        finally:
            response.close()
            if self._closed.is_set():  # its connection may have been opened just behind close()
                self._pool.close()
        return Answer(response.status, received, content, time.monotonic())


def _take(pieces: Iterable[bytes], cap: int, *, whole: bool = False) -> bytes:
    """All pieces as one, or of a longer body a little more than the cap. Raises TooLarge for it when `whole`."""
    taken: list[bytes] = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size > cap and whole:
            raise TooLarge(f"The answer is larger than {cap // _MIB} MiB.")
        if size > cap:
            break
    return taken[0] if len(taken) == 1 else b"".join(taken)


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack in steps, so that a small bomb costs the cap and little more.

    A usual page is unpacked in one step and so never copied again: that is a tenth of the time of reading it.
    """
    unpack = zlib.decompressobj(31)
    fed = False
    for lump in _lumps(chunks):
        fed = True
        more = not unpack.eof
        while more:
            try:
                piece = unpack.decompress(lump, _STEP)
            except zlib.error:
                raise Unavailable("The answer was damaged on its way. We ask again.") from None
            yield piece
            lump = unpack.unconsumed_tail
            # A full step may leave output inside the unpacker though all input is used.
            more = bool(lump) or (len(piece) == _STEP and not unpack.eof)
        if unpack.unused_data or (unpack.eof and lump):
            raise BrokenAnswer("The answer goes on after its end.")
    if fed and not unpack.eof:
        raise Unavailable("The answer broke off before its end. We ask again.")


def _lumps(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of about 1 MiB."""
    kept: list[bytes] = []
    size = 0
    for chunk in chunks:
        kept.append(chunk)
        size += len(chunk)
        if size >= _MIB:
            yield b"".join(kept)
            kept.clear()
            size = 0
    if kept:
        yield b"".join(kept)


def _to_error(error: Exception) -> Unavailable:
    # The library checks Content-Length and chunks against what came, and calls a short body a protocol error.
    return Unavailable(
        "The connection to Microsoft broke off before the answer was complete. We ask again.",
        detail=type(error).__name__,
    )
