"""D6 to D14 and F: rows with values that break the schema, or with impossible dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from seatkeeper.sandbox.faults.fault import Call, Reply, Shape, fault

_KEPT: Final = ("id", "@removed")
_WRONG: Final[dict[str, Any]] = {
    "accountEnabled": "true", "mail": [], "displayName": {"text": "x"}, "assignedLicenses": "none",
    "createdDateTime": 1_700_000_000, "userPrincipalName": 7, "status": [], "appId": 7, "userId": None,
}  # fmt: skip


@fault("D6", "wrong-type", "one row of a page has a property of another type (id: every one of these)",
       "put this row aside with the reason, keep the others, colour the run", on="list", where="all",
       variants=("any", "id", *_WRONG))  # fmt: skip
def _wrong_type(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    row = call.one(shape["value"])
    if row is None:
        return
    names = [name for name in _WRONG if name in row]
    if call.variant == "id":
        row["id"] = 7
    elif call.variant == "any" and names:
        row[names[0]] = _WRONG[names[0]]
    elif call.variant in row:
        row[call.variant] = _WRONG[call.variant]
    reply.put(shape)


@fault("D7", "bad-id", "one row of a page has no id, an empty one, or one in capitals or with spaces around",
       "put it aside", on="list", where="all", variants=("missing", "empty", "null", "capitals", "space"))  # fmt: skip
def _bad_id(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    row = call.one(shape["value"])
    if row is None or "id" not in row:
        return
    if call.variant == "missing":
        del row["id"]
    else:
        id_ = str(row["id"])
        row["id"] = {"empty": "", "null": None, "capitals": id_.upper(), "space": f" {id_} "}[call.variant]
    reply.put(shape)


@fault("D8", "new-fields", "rows have properties nobody knows yet, or (enums) words nobody knows in known ones",
       "ignore or keep them, report the drift", on="list", where="all", variants=("fields", "enums"))  # fmt: skip
def _new_fields(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    for row in shape["value"]:
        if call.variant == "fields":
            row["agentIdentity@odata.type"] = "#microsoft.graph.agentIdentity"
            row["agentIdentity"] = {"kind": "unknownFutureValue", "since": None}
            continue
        for name in ("userType", "conditionalAccessStatus", "riskState"):
            if row.get(name):
                row[name] = "unknownFutureValue"
        for plan in row.get("assignedPlans") or ():
            plan["capabilityStatus"] = "Dormant"
    reply.put(shape)


@fault("D9", "null-everywhere", "one row in ten has null in every property but its id",
       "keep null apart from empty and from missing", on="list", where="all")  # fmt: skip
def _nulls(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    for row in call.picked(shape["value"]):
        row.update({name: None for name in row if name not in _KEPT})
    reply.put(shape)


@fault("D13", "poison-row", "one row of a page is no object at all",
       "keep the others, put this one aside, go on", on="list", where="all",
       variants=("text", "null", "list", "number"))  # fmt: skip
def _poison(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    row = call.one(shape["value"])
    if row is not None:
        place = next(n for n, other in enumerate(shape["value"]) if other is row)
        shape["value"][place] = {"text": "poison", "null": None, "list": [1], "number": 2**70}[call.variant] \
            if call.variant != "number" else 9_007_199_254_740_993  # fmt: skip
        reply.put(shape)


@fault("D14 L4", "lone-surrogate", "a name holds half of a pair of UTF-16, which JSON may escape and UTF-8 cannot hold",
       "keep it without a loss or put the row aside", on="list", where="all")  # fmt: skip
def _surrogate(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    row = call.one(shape["value"])
    if row is not None:
        name = "displayName" if "displayName" in row else "userDisplayName"
        row[name] = "@@surrogate@@"
        reply.put(shape, {"@@surrogate@@": b'"Ada \\ud800 Moe"'})


def _dated(call: Call, reply: Reply, text: str) -> None:
    """Set all dates of some rows to this one."""
    shape = reply.shape()
    for row in call.picked(shape["value"]):
        _date(row, text)
    reply.put(shape)


def _date(row: Shape, text: str) -> None:
    for name, value in row.items():
        if name.endswith("DateTime"):
            row[name] = text
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                _date(part, text)


@fault("F5", "year-one", "one row in ten is dated 0001-01-01T00:00:00Z",
       "take it for none, and survive arithmetic with it", on="list", where="all")  # fmt: skip
def _year_one(call: Call, reply: Reply) -> None:
    _dated(call, reply, "0001-01-01T00:00:00Z")


@fault("F6", "far-future", "one row in ten is dated 9999-12-31T23:59:59.9999999Z",
       "survive arithmetic with it", on="list", where="all")  # fmt: skip
def _far_future(call: Call, reply: Reply) -> None:
    _dated(call, reply, "9999-12-31T23:59:59.9999999Z")


@fault("F7", "tomorrow", "one row in ten is dated tomorrow",
       "keep it with a mark, and never let it move where reading goes on", on="list", where="all")  # fmt: skip
def _tomorrow(call: Call, reply: Reply) -> None:
    tomorrow = datetime.fromtimestamp(call.now, UTC) + timedelta(days=1)
    _dated(call, reply, tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ"))
