"""B9 to B23: what is on the pages of a list, and of the rounds of delta."""

from __future__ import annotations

import re
from typing import Final

from seatkeeper.sandbox.faults.fault import DELTA, NEXT, Call, Reply, Shape, fault, key
from seatkeeper.sandbox.graph import refusals

_KEPT: Final = 1000  # rows of earlier rounds a fault remembers


def _before(call: Call, rows: list[Shape]) -> list[Shape]:
    """The rows of the page before this one in the same list; remembers these."""
    known: dict[str, tuple[int, list[Shape]]] = call.memory.setdefault("pages", {})
    page, old = known.get(call.endpoint, (0, []))
    if call.page == 1 or not rows:
        old = []
    known[call.endpoint] = (call.page, [dict(row) for row in rows])
    return old if page < call.page else []


@fault("B9", "repeated-row", "the last row of a page comes again as the first of the next",
       "count it once", on="list", where="all")  # fmt: skip
def _repeated_row(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    before = _before(call, shape["value"])
    shape["value"] = before[-1:] + shape["value"]
    reply.put(shape)


@fault("B10", "row-shift", "a row between two pages is skipped, because one before it was deleted meanwhile",
       "find it on the next run, and retire nobody for it at once", on="list", where="2")  # fmt: skip
def _row_shift(_call: Call, reply: Reply) -> None:
    shape = reply.shape()
    shape["value"] = shape["value"][1:]
    reply.put(shape)


@fault("B11", "renamed-between-pages", "somebody comes on two pages, with an old and a new user principal name",
       "keep one row, the newer; the key is the id", on="people", where="all")  # fmt: skip
def _renamed(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    before = _before(call, shape["value"])
    if before and "@removed" not in before[-1]:
        again = before[-1] | {"userPrincipalName": f"renamed.{call.id(key(before[-1]))[:8]}@northwind.example"}
        shape["value"] = [again, *shape["value"]]
        reply.put(shape)


@fault("B12", "reused-name", "the first row of a page has the user principal name of somebody on the page before",
       "keep two people; sign-ins belong to ids", on="people", where="all")  # fmt: skip
def _reused_name(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    before = [row for row in _before(call, shape["value"]) if "userPrincipalName" in row]
    if before and shape["value"] and "userPrincipalName" in shape["value"][0]:
        shape["value"][0]["userPrincipalName"] = before[-1]["userPrincipalName"]
        reply.put(shape)


@fault("B13", "removed-midway", "a page of delta tells that somebody of the page before was removed",
       "mark as gone with the time; a restore clears it", on="delta", where="all",
       variants=("changed", "deleted"))  # fmt: skip
def _removed_midway(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    before = _before(call, shape["value"])
    if before:
        shape["value"].append({"id": before[0]["id"], "@removed": {"reason": call.variant}})
        reply.put(shape)


@fault("B14", "delta-repeats", "each tenth account comes three times in one round of delta, the true row last",
       "let the last one of the stream win", on="delta", where="all")  # fmt: skip
def _delta_repeats(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    rows: list[Shape] = []
    hit = {key(row) for row in call.picked(shape["value"])}
    for row in shape["value"]:
        if key(row) in hit and "displayName" in row:
            rows += [row | {"displayName": "second"}, row | {"displayName": "first"}]
        rows.append(row)
    shape["value"] = rows
    reply.put(shape)


@fault("B15", "expired-page-token", "page N answers that its page token has expired, the first time",
       "begin the list anew a bounded number of times, show the old one meanwhile", on="graph", where="2",
       once=True)  # fmt: skip
def _expired(call: Call, reply: Reply) -> None:
    if call.endpoint.startswith("/auditlogs"):
        reply.refuse(refusals.skip_token("Token not found: token is either invalid or expired"))
    elif call.endpoint.startswith("/users"):
        reply.refuse(refusals.expired_page())


@fault("B16", "delta-gone", "a delta link answers 410, 410 with a Location on the twin, or one of two kinds of 400",
       "read everything anew from its own address, and delete nothing for it", on="graph", where="all",
       variants=("gone", "foreign", "not-found", "too-old"))  # fmt: skip
def _delta_gone(call: Call, reply: Reply) -> None:
    if "deltatoken=" not in call.query.lower() or "deltatoken=latest" in call.query.lower():
        return
    path = call.path + "?%24deltatoken="
    refusal = {
        "gone": refusals.delta_gone(call.origin + path),
        "foreign": refusals.delta_gone(call.twin + path),
        "not-found": refusals.Refusal(400, "syncStateNotFound", "The sync state generation is not found."),
        "too-old": refusals.unsupported("DeltaLink older than 30 days is not supported."),
    }[call.variant]
    reply.refuse(refusal)


@fault("B17", "delta-replay", "rows of the round before come again: before this round's, or (stale) after them",
       "apply them as many times as they come", on="delta", where="all", variants=("again", "stale"))  # fmt: skip
def _delta_replay(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    known: dict[str, Shape] = call.memory.setdefault("rows", {})
    rows: list[Shape] = shape["value"]
    again = "deltatoken=" in call.query.lower()
    old = [known[key(row)] for row in rows if key(row) in known]
    if call.variant == "again":
        old = list(known.values())[:3]
    for row in rows:
        if "@removed" not in row and (key(row) in known or len(known) < _KEPT):
            known[key(row)] = dict(row)
    if again:
        fresh = {key(row) for row in rows}
        extra = [row for row in old if call.variant == "stale" or key(row) not in fresh]
        shape["value"] = rows + extra if call.variant == "stale" else extra + rows
        reply.put(shape)


@fault("B18", "partial-delta", "rows of a delta link carry only the id and half of what was selected",
       "merge: what is not there has not changed", on="delta", where="all")  # fmt: skip
def _partial_delta(call: Call, reply: Reply) -> None:
    if "deltatoken=" not in call.query.lower():
        return
    shape = reply.shape()
    for place, row in enumerate(shape["value"]):
        if "@removed" not in row:
            for name in [n for n in row if n != "id"][place % 2 :: 2]:
                del row[name]
    reply.put(shape)


@fault("B19", "missing-property", "a selected property is on no row",
       "keep what it had: missing is not null", on="people", where="all",
       variants=("mail", "userPrincipalName", "accountEnabled", "assignedLicenses", "assignedPlans", "givenName",
                 "surname", "userType"))  # fmt: skip
def _missing(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    for row in shape["value"]:
        row.pop(call.variant, None)
    reply.put(shape)


@fault("B20", "ends-early", "page N of any list has no next link (delta: a delta link) although more follow",
       "ask a second time before anybody is retired", on="list", where="2")  # fmt: skip
def _ends_early(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    link = shape.pop(NEXT, None)
    if link and call.endpoint.startswith("/users/"):
        shape[DELTA] = link.replace("$skiptoken=", "$deltatoken=")
    reply.put(shape)


@fault("B21", "page-error", "page N answers a server error for ever",
       "publish nothing of the list, retire nobody", on="graph", where="2",
       variants=("503", "500", "502", "504"))  # fmt: skip
def _page_error(call: Call, reply: Reply) -> None:
    reply.refuse(refusals.Refusal(int(call.variant), "ServiceUnavailable", refusals.unavailable().message))


@fault("B22", "count-lies", "@odata.count and /users/$count tell another number than there are rows",
       "write it down, and not trust it", on="graph", where="all")  # fmt: skip
def _count_lies(call: Call, reply: Reply) -> None:
    if call.endpoint == "/users/$count" and reply.status == 200:
        reply.body = b"\xef\xbb\xbf7"
    elif b'"value":[' in reply.body[:65536] and reply.status == 200:
        shape = reply.shape()
        rows = shape.pop("value")
        reply.put(shape | {"@odata.count": 7, "value": rows})


@fault("B23", "page-size", "pages have another size than was asked for: an empty one before each, 1 row, 999, or 5,000",
       "take any size, bound memory by bytes", on="list", where="all", variants=("1", "0", "999", "5000"))  # fmt: skip
def _page_size(call: Call, reply: Reply) -> None:
    if call.variant == "0":
        put_empty_before(call, reply)
        return
    size = int(call.variant)
    top = f"$top={min(size, 999)}"
    query = re.sub(r"(?:\$|%24)top=\d+", top.replace("$", "$"), call.query, flags=re.IGNORECASE)
    if "top=" not in query.lower() and "delta" not in call.endpoint:
        query = f"{top}&{query}" if query else top
    body = call.fetch(query) if "delta" not in call.endpoint else reply.body
    more = Reply(200, [], body)
    shape = more.shape()
    while size > 999 and NEXT in shape and len(shape["value"]) + 999 <= size:
        more.body = call.fetch(shape[NEXT].partition("?")[2])
        further = more.shape()
        shape = further | {"value": shape["value"] + further["value"]}
    reply.put(shape)


_MARK: Final = re.compile(r"(?<=[?&])empty=(\d+)&?")  # Graph ignores words without a dollar sign: an address has room


def put_empty_before(call: Call, reply: Reply) -> None:
    """Replace a page by an empty one that links to it, unless the client comes from that empty page."""
    before = _MARK.search(call.url)
    if before and before.group(1) == str(call.page):
        return
    plain = _MARK.sub("", call.url).rstrip("?&")
    link = f"{plain}{'&' if '?' in plain else '?'}empty={call.page}"
    notes = {name: note for name, note in reply.shape().items() if name not in {NEXT, DELTA, "value"}}
    reply.put(notes | {NEXT: link, "value": []})
