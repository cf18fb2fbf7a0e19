"""The sockets the sandbox listens on. A guard may take a connection before a byte is exchanged."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any


class Listener(socket.socket):
    """A listening socket with a guard."""

    guard: Callable[[socket.socket], bool] | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that the guard leaves alone."""
        connection, address = super().accept()
        if self.guard and self.guard(connection):
            raise BlockingIOError("turned away")  # as if nobody had come
        return connection, address


def listen(address: str, port: int, guard: Callable[[socket.socket], bool] | None) -> Listener:
    """Listen at an address of loopback; port 0 is a free one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's algorithm off; without, each small answer waits 40 ms.
    made = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.guard = guard
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
        made.listen(2048)  # so that who reads the ready line can connect at once
    except OSError:
        made.close()
        raise
    return made
