"""What one caller may cost: deadlines and shares for the connections of waitress, which has none of its own.

Waitress reads and writes in one thread (the loop) and answers in others. Whatever is late is closed by the loop, which
also wakes a thread that waits for its answer to be taken. Docs: decision 13.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from socket import SHUT_WR, socket
from typing import Any, Final, NamedTuple

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.utilities import BadRequest, Error

from seatkeeper.services.limits import to_network
from seatkeeper.settings.networks import Networks, contains
from seatkeeper.web.forwarded import to_caller

CHUNK_OVERHEAD: Final = 8192  # bytes of a chunked body that need not be content
STEP: Final = 2**16  # bytes of a body between two looks at the budget, and of an answer in one send
ACCEPTED_AT_ONCE: Final = 256  # so that newcomers never queue behind those that are turned away


class Limits(NamedTuple):
    """Times in seconds, sizes in bytes."""

    headers: float = 10.0  # from a request's first byte to the end of its headers; also to the first byte of all
    idle: float = 60.0  # between two requests
    farewell: float = 2.0  # for the other side to take a last answer and close, while what it still sends is dropped
    stall: float = 30.0  # without a byte of a body, or of an answer
    least_rate: float = 8192.0  # bytes a second of a body or an answer, once it has taken `stall` seconds
    connections: int = 400
    connections_of_one: int = 100  # a further one costs the address its idlest
    exchanged_of_one: int = 1000  # a second; whatever comes beyond is turned away
    requests_of_one: int = 12  # answered at once, of all threads; further ones wait for their own
    pipelined: int = 8  # requests sent ahead; the last of them is answered with "Connection: close"
    bodies: int = 256 * 2**20  # received and not answered yet
    bodies_of_one: int = 64 * 2**20


class Busy(Error):  # type: ignore[misc]
    code = 503
    reason = "Service Unavailable"


class Request(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if (self.chunked and "CONTENT_LENGTH" in self.headers) or "TRANSFER_ENCODING" in self.headers:  # of HTTP/1.0
            raise ParsingError("Its length is told in two ways, so a proxy may see other requests in it than we do.")


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it waits for the other side, and how much has come or gone since."""

    parser_class = Request
    requests: list[Any]  # arrived whole; a thread is at the first
    request: Any = None  # arriving
    sendbuf_len: int
    will_close: bool

    def __init__(self, server: Server, sock: socket, addr: Any, *args: Any, **kwargs: Any) -> None:
        self.began = self.moved = time.monotonic()
        self.sent = 0  # bytes of what is being written
        self.fresh = True  # nothing has come yet
        self.known = False  # something was answered
        self.leaving = False  # the last answer has gone out whole; nothing that still comes is read
        self.parked = False  # a request that was sent ahead waits for the answer before it to be taken
        self.answering: Any = None  # the request that a thread is at
        self.caller = ""
        self.address = to_network(addr[0])
        super().__init__(server, sock, addr, *args, **kwargs)
        self.sendbuf_len = min(self.sendbuf_len, STEP)  # so much is read of a file for each send, taken or not
        self.requests_lock = threading.RLock()  # a send that fails while it is held closes the channel

    def is_late(self, now: float, limits: Limits) -> bool:
        """Whether the other side keeps us waiting too long; while we are at work nobody does."""
        if self.total_outbufs_len:
            return self._is_slow(now, self.sent, limits)
        if self.leaving:
            return bool(now - self.began > limits.farewell)
        if self.requests:
            return False
        if self.request is None:
            return bool(now - self.moved > (limits.headers if self.fresh else limits.idle))
        if self.request.headers_finished:
            return self._is_slow(now, self.request.body_bytes_received, limits)
        return bool(now - self.began > limits.headers)

    def _is_slow(self, now: float, amount: int, limits: Limits) -> bool:
        return now - self.moved > limits.stall or now - self.began > limits.stall + amount / limits.least_rate

    def held(self) -> int:
        """Bytes of bodies that wait for the rest, or for a thread."""
        return sum(each.body_bytes_received for each in [*self.requests, self.request] if each is not None)

    def add_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's name
        super().add_channel(map)
        self.server.crowds[self.address].add(self)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002
        super().del_channel(map)
        self.server.crowds[self.address].discard(self)
        if not self.server.crowds[self.address]:
            del self.server.crowds[self.address]

    def readable(self) -> bool:
        return bool(self.connected and (self.leaving or super().readable()))

    def writable(self) -> bool:
        return bool(self.connected and (self.parked or super().writable()))

    def received(self, data: bytes) -> bool:
        before = self._progress()
        done: bool = super().received(data)
        self.moved, self.fresh = time.monotonic(), False
        if before[:2] != (now := self._progress())[:2]:
            self.began = self.moved
        with self.requests_lock:
            if len(self.requests) > self.server.limits.pipelined:
                del self.requests[self.server.limits.pipelined :]
                self.requests[-1].headers["CONNECTION"] = "close"
            request, why = self.request, None
            if request is not None and request.headers_finished:
                # Chunks of a byte or endless chunk headers cost more than they bring.
                if request.chunked and request.body_bytes_received > 2 * len(request.body_rcv) + CHUNK_OVERHEAD:
                    why = BadRequest("Send larger chunks.")
                elif before != now and self.server.holds_too_much(self):
                    why = Busy("Too many uploads are under way. Try again once they are done.")
            if why:
                self.request.close()
                self.request.error, self.request.body_bytes_received = why, 0
                self.requests.append(self.request)
                self.request = None
                if len(self.requests) == 1:
                    self.server.add_task(self)
        return done

    def _progress(self) -> tuple[Any, bool, int]:
        request = self.request
        return (request, request.headers_finished, request.body_bytes_received // STEP) if request else (None, False, 0)

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 - waitress's signature
        count: int = super().send(data, do_close) or 0
        if count:
            self.sent, self.moved = self.sent + count, time.monotonic()
        return count

    def write_soon(self, data: Any) -> int:
        if not self.total_outbufs_len:
            self.sent, self.began = 0, time.monotonic()
            self.moved = self.began
        written: int = super().write_soon(data)
        return written

    def handle_read(self) -> None:
        if self.leaving:
            self.recv(STEP)  # closes at the end of what comes
        else:
            super().handle_read()

    def handle_write(self) -> None:
        super().handle_write()
        if self.parked and not self.total_outbufs_len:
            self.parked = False
            with self.requests_lock:
                if self.requests:
                    self.server.add_task(self)

    def service(self) -> None:
        """One answer, in a thread; the base asks for a thread again when there is another request."""
        caller = self.caller
        with self.requests_lock:
            mine = self.answering = next(iter(self.requests), None)  # none is left when the caller has gone
        try:
            if mine is not None:
                super().service()
        finally:
            if self.answering is mine:
                self.answering = None
            if not self.total_outbufs_len:
                self.began = self.moved = time.monotonic()
            self.known = True
            self.server.task_dispatcher.done(caller)

    def handle_close(self) -> None:
        """Close; after the last answer, our side only at first.

        Closing while bytes of a refused upload still come makes the system reset the connection, and a reset takes the
        answer away from a caller who has not read it yet (RFC 9112, section 9.6).
        """
        if self.will_close and self.connected and not self.leaving:
            self.will_close, self.leaving, self.began = False, True, time.monotonic()
            with suppress(OSError):  # the other side has gone: found when we read
                self.socket.shutdown(SHUT_WR)
            return
        super().handle_close()
        self.server.task_dispatcher.forget(self)
        with self.requests_lock:
            for request in [*self.requests, self.request]:
                if request is not None and request is not self.answering:
                    request.close()
            self.requests = [request for request in self.requests if request is self.answering]

    handle_expt = handle_close  # urgent data: nobody reads it, and it would wake the loop for ever


class Server(TcpWSGIServer):  # type: ignore[misc]
    """One listening socket. The address of a trusted proxy stands for many callers, whom its header names."""

    channel_class = Channel

    def __init__(self, *args: Any, limits: Limits, proxies: Networks = (), **kwargs: Any) -> None:
        self.limits = limits
        self.proxies = proxies
        self.crowds: defaultdict[str, set[Channel]] = defaultdict(set)
        self.exchanged: Counter[str] = Counter()  # since the last look
        super().__init__(*args, **kwargs)

    def handle_accept(self) -> None:
        """Newcomers are let in: an address that has too many gives up its idlest, and so does the one with most when
        all are too many. Whoever keeps coming back is turned away at the door, which costs less.
        """
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted = self.accept()
            except OSError:  # no more open files, or gone already
                return
            if accepted is None:
                return
            connection, address = accepted
            crowd = to_network(address[0])
            is_full = len(self.crowds.get(crowd, ())) >= self.limits.connections_of_one
            is_full = is_full and not contains(self.proxies, address[0])
            self.exchanged[crowd] += is_full
            if self.exchanged[crowd] > self.limits.exchanged_of_one:
                connection.close()
                continue
            self.set_socket_options(connection)
            self.channel_class(self, connection, address, self.adj, map=self._map)
            if is_full:
                self._end_idlest(self.crowds[crowd])
            elif len(self.active_channels) > self.limits.connections:
                self._end_idlest(max(self.crowds.values(), key=len))

    def _end_idlest(self, crowd: set[Channel]) -> None:
        """Who has been answered before, or is being answered, is more likely to be somebody at work."""
        min(crowd, key=lambda each: (bool(each.requests), each.known, each.moved)).handle_close()

    def add_task(self, task: Channel) -> None:
        """A request that was sent ahead waits until the answer before it has been taken."""
        if task.total_outbufs_len:
            task.parked = True
        else:
            task.caller = self.caller_of(task, task.requests[0])
            super().add_task(task)

    def caller_of(self, channel: Channel, request: Any) -> str:
        return to_network(to_caller(channel.addr[0], request.headers.get("X_FORWARDED_FOR", ""), self.proxies))

    def holds_too_much(self, channel: Channel) -> bool:
        mine, total, of_mine = self.caller_of(channel, channel.request), 0, 0
        for each in self.active_channels.values():
            held = each.held()
            total += held
            if held and self.caller_of(each, each.requests[0] if each.requests else each.request) == mine:
                of_mine += held
        return total > self.limits.bodies or of_mine > self.limits.bodies_of_one

    def close_late(self) -> None:
        now = time.monotonic()
        self.exchanged.clear()
        for channel in list(self.active_channels.values()):
            if channel.is_late(now, self.limits):
                channel.handle_close()


class Servers(MultiSocketServer):  # type: ignore[misc]
    """All listening sockets and one loop, which looks for what is late about once a second."""

    def run(self) -> None:
        look_at = 0.0
        try:
            while self.map:
                self.asyncore.loop(self.adj.asyncore_loop_timeout, map=self.map, use_poll=True, count=1)
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + self.adj.asyncore_loop_timeout
                    for each in list(self.map.values()):
                        if isinstance(each, Server):
                            each.close_late()
        except (SystemExit, KeyboardInterrupt):
            self.close()
