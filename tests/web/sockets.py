"""The server of `seatkeeper serve` in a thread, and connections to it from several addresses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from seatkeeper.web import server as module
from seatkeeper.web.channels import Limits, Servers

HURRY = Limits(headers=0.4, idle=0.6, stall=0.4, least_rate=100_000)
LARGEST = "/static/seatkeeper/vendor/tabler.min.css"
ENEMY, FRIEND = "127.0.0.2", "127.0.0.3"
GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Serve(Protocol):
    def __call__(self, limits: Limits = ..., application: Application = ...) -> Served: ...


class Served:
    """The server of `seatkeeper serve`, in a thread."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        ((_, port),) = module.addresses(servers)
        self.port = int(port)
        self.thread = threading.Thread(target=servers.run)
        self.thread.start()

    def connect(self, source: str = ENEMY, *, receive: int = 0) -> socket.socket:
        connection = socket.socket()
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.settimeout(60)  # the first request imports every page
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def ask(self, path: str = "/healthz", source: str = FRIEND) -> tuple[float, bytes]:
        """How long another visitor waits for a whole answer."""
        begin = time.monotonic()
        with self.connect(source) as connection:
            connection.sendall((GET % path.encode()).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return time.monotonic() - begin, answer

    def channels(self) -> list[Any]:
        return [each for each in list(self.servers.map.values()) if hasattr(each, "requests")]

    def stop(self) -> None:
        everything = list(self.servers.map.values())
        self.servers.map.clear()
        self.thread.join(10)
        for each in everything:
            each.handle_close() if hasattr(each, "requests") else each.close()
        self.servers.task_dispatcher.shutdown(timeout=1)


def answered(connection: socket.socket) -> bool:
    """Ask on a connection that stays open, and read the whole answer."""
    connection.sendall(GET % b"/healthz")
    got = b""
    while not got.endswith(b"\r\n\r\nok\n") and (more := connection.recv(65536)):
        got += more
    return got.startswith(b"HTTP/1.1 200")


def ends_within(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side closes, whatever it says before; one that was reset is closed, too."""
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(65536):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def until(wanted: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not wanted() and time.monotonic() < end:
        time.sleep(0.01)
    return wanted()
