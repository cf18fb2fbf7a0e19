"""D1 and E: what happens to the bytes on their way. `sandbox.wire` does what is asked for here."""

from __future__ import annotations

from seatkeeper.sandbox.mischief.fault import Call, Reply, fault, switch

switch(
    "E2", "connect-refused",
    "the next N connections are reset before a byte is exchanged",
    "try again within a budget; data keeps its age",
    on="door", number="3",
)  # fmt: skip
switch(
    "E2", "connect-timeout",
    "the next N connections are taken and never answered, not even the TLS handshake",
    "give up after ten seconds, try again within a budget",
    on="door", number="1",
)  # fmt: skip


@fault("D1", "cut-body", "the body ends early: shorter than its Content-Length, in a chunk, or by a reset",
       "ask again, never read the half", on="graph", where="once",
       variants=("length", "chunk", "reset"))  # fmt: skip
def _cut_body(call: Call, reply: Reply) -> None:
    reply.wire = f"cut-{call.variant}"


@fault("E4", "slow-loris", "the answer comes at one byte a second",
       "limit the whole request, not each read", on="graph", where="once")  # fmt: skip
def _slow_loris(_call: Call, reply: Reply) -> None:
    reply.wire = "slow"


@fault("E5", "stall", "after the headers nothing comes any more",
       "limit the whole request, ask again", on="graph", where="once")  # fmt: skip
def _stall(_call: Call, reply: Reply) -> None:
    reply.wire = "stall"


@fault("E6", "reset", "the connection is reset after the request was read",
       "ask again: reading changes nothing", on="any", where="once")  # fmt: skip
def _reset(_call: Call, reply: Reply) -> None:
    reply.wire = "reset"


@fault("E8", "stale-keepalive", "each connection is closed after an answer that said it stays open: GOAWAY in HTTP/1.1",
       "connect anew once without counting a fault", on="graph", where="all")  # fmt: skip
def _stale(_call: Call, reply: Reply) -> None:
    reply.wire = "stale"
