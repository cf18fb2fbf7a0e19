"""D1 and E: broken connections, and answers broken on their way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any, Final

from seatkeeper.sandbox.faults.fault import Call, Reply, door, fault, write_head

PAUSE: Final = 1.0  # seconds between the bytes of a very slow answer
STALL: Final = 600.0  # seconds after which even a stalled answer is over
_LEFT_ALONE: Final = 64  # connections that are kept and never answered
_RESET: Final = struct.pack("ii", 1, 0)  # to linger for no time: the connection ends with a reset, not a goodbye


@door("E2", "connect-refused", "the next N connections are reset before a byte is exchanged",
      "try again within a budget; data keeps its age", number="3")  # fmt: skip
def _connect_refused(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


@door("E2", "connect-timeout", "the next N connections are taken and never answered, not even the TLS handshake",
      "give up after ten seconds, try again within a budget", number="1")  # fmt: skip
def _connect_timeout(connection: socket.socket) -> None:
    _waiting.append(connection)
    while len(_waiting) > _LEFT_ALONE:
        _waiting.pop(0).close()


_waiting: list[socket.socket] = []


def hang_up() -> None:
    """Close the connections that were taken and never answered."""
    while _waiting:
        _waiting.pop().close()


@fault("D1", "cut-body", "the body ends early: shorter than its Content-Length, in a chunk, or by a reset",
       "ask again, never read the half", on="graph", where="once",
       variants=("length", "chunk", "reset"))  # fmt: skip
def _cut_body(call: Call, reply: Reply) -> None:
    async def cut(reply: Reply, transport: Any) -> None:
        size, half = len(reply.body), reply.body[: len(reply.body) // 2]
        if call.variant == "length":
            transport.write(write_head(reply, content_length=str(size + 1000)) + reply.body)
            transport.close()
        elif call.variant == "chunk":
            transport.write(write_head(reply, transfer_encoding="chunked") + b"%x\r\n" % (size + 1000) + half)
            transport.close()
        else:
            transport.write(write_head(reply, content_length=str(size)) + half)
            await asyncio.sleep(0.05)
            _abort(transport)

    reply.way = cut


@fault("E4", "slow-loris", "the answer comes at one byte a second",
       "limit the whole request, not each read", on="graph", where="once")  # fmt: skip
def _slow_loris(_call: Call, reply: Reply) -> None:
    async def drip(reply: Reply, transport: Any) -> None:
        transport.write(write_head(reply, content_length=str(len(reply.body))))
        for place in range(min(len(reply.body), int(STALL / PAUSE))):
            if transport.is_closing():
                break
            transport.write(reply.body[place : place + 1])
            await _wait(transport, PAUSE)
        transport.abort()

    reply.way = drip


@fault("E5", "stall", "after the headers nothing comes any more",
       "limit the whole request, ask again", on="graph", where="once")  # fmt: skip
def _stall(_call: Call, reply: Reply) -> None:
    async def stall(reply: Reply, transport: Any) -> None:
        transport.write(write_head(reply, content_length=str(len(reply.body))))
        await _wait(transport, STALL)
        transport.abort()

    reply.way = stall


@fault("E6", "reset", "the connection is reset after the request was read",
       "ask again: reading changes nothing", on="any", where="once")  # fmt: skip
def _reset(_call: Call, reply: Reply) -> None:
    async def reset(_reply: Reply, transport: Any) -> None:
        _abort(transport)

    reply.way = reset


@fault("E8", "stale-keepalive", "each connection is closed after an answer that said it stays open: GOAWAY in HTTP/1.1",
       "connect anew once without counting a fault", on="graph", where="all")  # fmt: skip
def _stale(_call: Call, reply: Reply) -> None:
    async def stale(reply: Reply, transport: Any) -> None:
        transport.write(write_head(reply, content_length=str(len(reply.body))) + reply.body)
        transport.close()

    reply.way = stale


def _abort(transport: Any) -> None:
    with contextlib.suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


async def _wait(transport: Any, seconds: float) -> None:
    """Wait, but no longer than the client stays connected."""
    end = asyncio.get_running_loop().time() + seconds
    while not transport.is_closing() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.05)
