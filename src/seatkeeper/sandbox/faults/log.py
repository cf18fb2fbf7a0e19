"""C3 to C6, C11, C14: pages of the sign-in log that must not be believed as they stand."""

from __future__ import annotations

from typing import Final

from seatkeeper.sandbox.faults.fault import Call, Reply, Shape, fault
from seatkeeper.sandbox.world.dice import number

_SHIFT: Final = 3


@fault("C3", "log-shift", "sign-ins arrive while one pages: the last three of a page come again on the next",
       "fix the upper bound of a window; count by id", on="log", where="all")  # fmt: skip
def _log_shift(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    rows: list[Shape] = shape["value"]
    before: list[Shape] = call.memory.get("rows", []) if call.page > 1 else []
    call.memory["rows"] = rows[-_SHIFT:]
    shape["value"] = before + rows
    reply.put(shape)


@fault("C4", "same-tick", "two neighbours in the log have the same 100 ns, or (close) the same microsecond",
       "compare whole ticks, let windows meet without a gap", on="log", where="all",
       variants=("same", "close"))  # fmt: skip
def _same_tick(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    rows: list[Shape] = [row for row in shape["value"] if "createdDateTime" in row]
    for one, other in zip(rows[::10], rows[1::10], strict=False):
        second = one["createdDateTime"][:19]
        one["createdDateTime"] = f"{second}.6195839Z"
        other["createdDateTime"] = f"{second}.6195839Z" if call.variant == "same" else f"{second}.6195833Z"
    reply.put(shape)


@fault("C5", "short-read", "the first time a page of the log is asked for, a third of its sign-ins is not there",
       "believe a window after two equal reads, or a read after the lateness; keep both", on="log",
       where="once")  # fmt: skip
def _short_read(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    shape["value"] = [row for row in shape["value"] if number(call.seed, "short", str(row.get("id"))) % 3]
    reply.put(shape)


@fault("C6", "rewritten", "each tenth sign-in comes twice with one id: as it was before MFA, and as it is",
       "let the newer one win", on="log", where="all", variants=("older-last", "older-first"))  # fmt: skip
def _rewritten(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    rows: list[Shape] = []
    for row in shape["value"]:
        older = row | {
            "conditionalAccessStatus": "notApplied",
            "status": {"errorCode": 50074, "failureReason": "Strong Authentication is required.",
                       "additionalDetails": None},
        }  # fmt: skip
        hit = number(call.seed, "rewritten", str(row.get("id"))) % 10 == 0
        pair = [older, row] if call.variant == "older-first" else [row, older]
        rows += pair if hit else [row]
    shape["value"] = rows
    reply.put(shape)


@fault("C11", "error-in-success", "200 with an error object in the body, after some rows",
       "take it for the failure it is", on="list", where="1")  # fmt: skip
def _error_in_success(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    shape.pop("@odata.nextLink", None)
    inner = {"date": "2026-01-01T00:00:00", "request-id": call.id(), "client-request-id": call.id()}
    error = {"code": "UnknownError", "message": "The stream ended early.", "innerError": inner}
    reply.put(shape | {"error": error})


@fault("C14", "mixed-stream", "one sign-in in ten is non-interactive, although the log of v1.0 has none",
       "keep streams apart, mix none without a word", on="log", where="all")  # fmt: skip
def _mixed_stream(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    for row in shape["value"]:
        if number(call.seed, "mixed", str(row.get("id"))) % 10 == 0:
            row["isInteractive"] = False
            row["signInEventTypes"] = ["nonInteractiveUser"]
    reply.put(shape)
