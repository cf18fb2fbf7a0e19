"""The sockets the sandbox listens on. A fault may turn connections away at the door, before they say a word."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any, Final

LEFT_ALONE: Final = 64  # connections that are kept and never answered


class Door(socket.socket):
    """A listening socket with a guard."""

    guard: Callable[[], str] | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that the guard lets in."""
        connection, address = super().accept()
        what = self.guard() if self.guard else ""
        if not what:
            return connection, address
        if what == "refused":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        else:
            waiting.append(connection)
            while len(waiting) > LEFT_ALONE:
                waiting.pop(0).close()
        raise BlockingIOError("turned away")  # as if nobody had come


waiting: list[socket.socket] = []


def close_waiting() -> None:
    """Hang up on whoever still waits for a word."""
    while waiting:
        waiting.pop().close()


def open_door(address: str, port: int, guard: Callable[[], str] | None) -> Door:
    """Listen at an address of loopback; port 0 is a free one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's algorithm off; without, each small answer waits 40 ms.
    made = Door(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.guard = guard
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
        made.listen(2048)  # so that who reads the ready line can connect at once
    except OSError:
        made.close()
        raise
    return made
