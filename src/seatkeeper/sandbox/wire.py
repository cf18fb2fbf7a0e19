"""How an answer gets on the wire: as HTTP should be, or as a fault wants it, past the HTTP library."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from seatkeeper.sandbox.mischief import Reply

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

SMALL: Final = 1_000  # bytes under which nothing is compressed
PAUSE: Final = 1.0  # seconds of a slow answer, and between the bytes of a very slow one
STALL: Final = 600.0  # seconds after which even a stalled answer is over
_UNKNOWN: Final = frozenset({509})  # statuses that the HTTP library has no words for


async def deliver(reply: Reply, method: str, accepted: str, send: Send) -> None:
    """Send an answer; `accepted` are the encodings the client takes."""
    if len(reply.body) > SMALL and "gzip" in accepted and not reply.header(b"content-encoding"):
        packer = zlib.compressobj(1, wbits=31)
        reply.body = packer.compress(reply.body) + packer.flush()
        reply.headers.append((b"content-encoding", b"gzip"))
    if reply.wire == "pause":
        await asyncio.sleep(PAUSE)
    way = "raw" if reply.status in _UNKNOWN and reply.wire in {"", "pause"} else reply.wire
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if way in _WAYS and transport is not None:
        await _WAYS[way](reply, transport)
        while not transport.is_closing():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        return
    reply.headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
    if way == "stale" and transport is not None:
        transport.close()


def _head(reply: Reply, **more: str) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Answer".encode()]
    lines += [name + b": " + value for name, value in reply.headers]
    lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in more.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _abort(transport: Any) -> None:
    """End a connection with a reset instead of a goodbye."""
    found = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _raw(reply: Reply, transport: Any) -> None:
    transport.write(_head(reply, content_length=str(len(reply.body)), connection="close") + reply.body)
    transport.close()


async def _cut_length(reply: Reply, transport: Any) -> None:
    transport.write(_head(reply, content_length=str(len(reply.body) + 1000)) + reply.body)
    transport.close()


async def _cut_chunk(reply: Reply, transport: Any) -> None:
    begun = b"%x\r\n" % (len(reply.body) + 1000)
    transport.write(_head(reply, transfer_encoding="chunked") + begun + reply.body[: len(reply.body) // 2])
    transport.close()


async def _cut_reset(reply: Reply, transport: Any) -> None:
    transport.write(_head(reply, content_length=str(len(reply.body))) + reply.body[: len(reply.body) // 2])
    await asyncio.sleep(0.05)
    _abort(transport)


async def _reset(_reply: Reply, transport: Any) -> None:
    _abort(transport)


async def _stall(reply: Reply, transport: Any) -> None:
    transport.write(_head(reply, content_length=str(len(reply.body))))
    await _wait(transport, STALL)
    transport.abort()


async def _slow(reply: Reply, transport: Any) -> None:
    transport.write(_head(reply, content_length=str(len(reply.body))))
    for place in range(min(len(reply.body), int(STALL / PAUSE))):
        if transport.is_closing():
            break
        transport.write(reply.body[place : place + 1])
        await _wait(transport, PAUSE)
    transport.abort()


async def _wait(transport: Any, seconds: float) -> None:
    """Let time pass while the client is there."""
    end = asyncio.get_running_loop().time() + seconds
    while not transport.is_closing() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.05)


_WAYS: Final[dict[str, Callable[[Reply, Any], Awaitable[None]]]] = {
    "raw": _raw,
    "cut-length": _cut_length,
    "cut-chunk": _cut_chunk,
    "cut-reset": _cut_reset,
    "reset": _reset,
    "stall": _stall,
    "slow": _slow,
}
