"""Sends an answer: through the HTTP library, or past it in the way of a fault."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from seatkeeper.sandbox.faults import Reply

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

SMALL: Final = 1_000  # bytes under which nothing is compressed


async def deliver(reply: Reply, method: str, accepted: str, send: Send) -> None:
    """Send an answer; `accepted` are the encodings the client takes."""
    if len(reply.body) > SMALL and "gzip" in accepted and not reply.header(b"content-encoding"):
        packer = zlib.compressobj(1, wbits=31)
        reply.body = packer.compress(reply.body) + packer.flush()
        reply.headers.append((b"content-encoding", b"gzip"))
    if reply.pause:
        await asyncio.sleep(reply.pause)
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if reply.way and transport is not None:
        await reply.way(reply, transport)
        while not transport.is_closing():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        return
    reply.headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
