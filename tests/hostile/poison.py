"""Ways to spoil one answer on its way: each gets a good answer and gives the bytes that are sent instead."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.links import HOSTILE
from tests.hostile.wire import Raw, whole

NEXT, DELTA_LINK = "@odata.nextLink", "@odata.deltaLink"
Random = random.Random
Fields = list[tuple[bytes, bytes]]
_DROPPED = (b"content-length", b"content-encoding", b"content-type", b"transfer-encoding")


@dataclass
class Good:
    """The answer as it should be, with the list it belongs to and what was served of that list in this run."""

    status: int
    headers: Fields
    body: bytes
    path: str
    before: list[bytes] = field(default_factory=list)  # bodies of the pages before it
    links: list[str] = field(default_factory=list)  # next links of those pages

    @property
    def shape(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def raw(
        self,
        body: bytes | None = None,
        *,
        status: int = 200,
        kind: bytes | None = b"application/json",
        encoding: bytes = b"",
        length: int | None = None,
        more: Fields = [],  # noqa: B006 - nobody changes it
        hang_up: bool = False,
    ) -> Raw:
        """Head and body; the length is right unless another is given, -1 leaves it out."""
        body = self.body if body is None else body
        out = [(n, v) for n, v in self.headers if n.lower() not in _DROPPED]
        out += [(b"content-type", kind)] if kind is not None else []
        out += [(b"content-encoding", encoding)] if encoding else []
        length = len(body) if length is None else length
        out += [(b"content-length", b"%d" % length)] if length >= 0 else []
        return Raw(whole(status, out + more, body), hang_up)

    def usual(self, r: Random, shape: dict[str, Any] | bytes | None = None) -> Raw:
        """As a vendor sends it: packed or not."""
        body = shape if isinstance(shape, bytes) else json.dumps(shape).encode() if shape is not None else self.body
        return self.raw(pack(body), encoding=b"gzip") if r.random() < 0.5 else self.raw(body)


def pack(body: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return packer.compress(body) + packer.flush()


Poison = Callable[[Random, Good], "Raw | None"]
POISONS: dict[str, Poison] = {}  # None: this answer cannot be spoiled in this way


def poison(change: Poison) -> Poison:
    POISONS[change.__name__.strip("_").replace("_", " ")] = change
    return change


# --- cut and damaged -------------------------------------------------------------------------------------------------


@poison
def _cut_at_any_byte(r: Random, good: Good) -> Raw:
    raw = good.usual(r)
    return Raw(raw.data[: r.randrange(len(raw.data))], hang_up=True)


@poison
def _cut_in_a_chunk(r: Random, good: Good) -> Raw:
    body, encoding = (pack(good.body), b"gzip") if r.random() < 0.5 else (good.body, b"")
    size = r.randint(1, len(body))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (body[n : n + size] for n in range(0, len(body), size)))
    raw = good.raw(chunks, encoding=encoding, length=-1, more=[(b"transfer-encoding", b"chunked")], hang_up=True)
    head = len(raw.data) - len(chunks)
    return Raw(raw.data[: head + r.randrange(len(chunks))], hang_up=True)


@poison
def _cut_without_a_length(r: Random, good: Good) -> Raw:
    body, encoding = (pack(good.body), b"gzip") if r.random() < 0.5 else (good.body, b"")
    return good.raw(body[: r.randrange(len(body))], encoding=encoding, length=-1, hang_up=True)


@poison
def _cut_with_the_length_of_the_rest(r: Random, good: Good) -> Raw:
    if r.random() < 0.3:
        packed = pack(good.body)
        return good.raw(packed[: r.randrange(len(packed))], encoding=b"gzip")
    return good.usual(r, good.body[: r.randrange(len(good.body))])


@poison
def _length_too_long(r: Random, good: Good) -> Raw:
    return good.raw(length=len(good.body) + r.choice((1, 7, 1000, 10**9)), hang_up=r.random() < 0.8)


@poison
def _length_too_short(r: Random, good: Good) -> Raw:
    packed = r.random() < 0.5
    body = pack(good.body) if packed else good.body
    length = r.randrange(len(body))
    return good.raw(body, encoding=b"gzip" if packed else b"", length=length, hang_up=r.random() < 0.3)


@poison
def _sent_twice(r: Random, good: Good) -> Raw:
    """Everything after it on this connection comes one question late."""
    raw = good.usual(r)
    return Raw(raw.data * 2)


@poison
def _bytes_flipped_in_a_packed_body(r: Random, good: Good) -> Raw:
    body = bytearray(pack(good.body))
    for _ in range(r.choice((1, 1, 2, 8))):
        body[r.randrange(len(body))] ^= r.randint(1, 255)
    return good.raw(bytes(body), encoding=b"gzip")


@poison
def _byte_flipped_in_the_head(r: Random, good: Good) -> Raw:
    data = bytearray(good.raw(pack(good.body), encoding=b"gzip").data)
    data[r.randrange(data.index(b"\r\n\r\n"))] ^= r.randint(1, 255)
    return Raw(bytes(data), hang_up=r.random() < 0.5)


@poison
def _more_after_the_packed_end(r: Random, good: Good) -> Raw:
    return good.raw(pack(good.body) + r.choice((b"\0", b"garbage", pack(good.body))), encoding=b"gzip")


@poison
def _packed_otherwise_than_it_says(r: Random, good: Good) -> Raw:
    packed = pack(good.body)
    body, says = r.choice((
        (good.body, b"gzip"), (packed, b""), (packed, b"br"), (good.body, b"deflate"), (pack(packed), b"gzip"),
        (zlib.compress(good.body), b"gzip"),
    ))  # fmt: skip
    return good.raw(body, encoding=says)


# --- another answer altogether ---------------------------------------------------------------------------------------

_PAGE = b"<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>value nextLink</body></html>"
_ERROR = {"error": {"code": "InternalServerError", "message": "x", "innerError": {"date": "2026-08-01T06:00:00"}}}


@poison
def _page_of_a_proxy(r: Random, good: Good) -> Raw:
    return good.raw(_PAGE * r.choice((1, 50)), kind=r.choice((b"text/html", b"application/json", None)))


@poison
def _another_content_type(r: Random, good: Good) -> Raw:
    kinds = (b"text/html", b"text/plain", b"application/xml", b"application/octet-stream", b"", b"text/json", None)
    return good.raw(kind=r.choice(kinds))


@poison
def _error_in_a_success(r: Random, good: Good) -> Raw:
    links = {name: link for name, link in good.shape.items() if name != "value"}
    return good.usual(r, r.choice((_ERROR, {**good.shape, **_ERROR}, {"value": [], **_ERROR}, {**links, **_ERROR})))


@poison
def _no_list(r: Random, good: Good) -> Raw:
    rows = good.shape["value"]
    bodies: tuple[Any, ...] = ({}, [], None, "", 0, {"value": None}, {"value": {}}, rows, {"values": rows})
    return good.usual(r, json.dumps(r.choice(bodies)).encode() if r.random() < 0.8 else b"")


@poison
def _not_quite_json(r: Random, good: Good) -> Raw:
    text = good.body
    return good.usual(r, r.choice((
        text + b"}", text * 2, b"\xef\xbb\xbf" + text, text.decode().encode("utf-16"), b")]}',\n" + text,
        b"[" * 100_000, text.replace(b'"', b"'"), text[:-1] + b',"x":NaN}', text.replace(b"[", b"[,", 1),
        text.rstrip(b"}") + b",}",
        text[:-1] + b',"value":[]}', text[:-1] + b',"@odata.nextLink":null,"@odata.nextLink":null}', text + b"\0",
    )))  # fmt: skip


@poison
def _another_status(r: Random, good: Good) -> Raw:
    status = r.choice((201, 202, 203, 204, 206, 226, 300, 302, 304, 307, 404, 418, 500, 502, 503, 504, 599))
    body = r.choice((b"", good.body, _PAGE, json.dumps(_ERROR).encode()))
    elsewhere = [(b"location", b"https://evil.example" + good.path.encode())] if 300 <= status < 309 else []
    return good.raw(b"" if status in (204, 304) else body, status=status, more=elsewhere)


# These look at the bytes only, and so can spoil an answer that is no list.
_OF_LISTS = ("error in a success", "no list", "not quite json")
DAMAGE = {name: change for name, change in POISONS.items() if name not in _OF_LISTS}


# --- links -----------------------------------------------------------------------------------------------------------


@poison
def _circle(r: Random, good: Good) -> Raw | None:
    """A to B to A: the next page is one that was read already."""
    if not good.links:
        return None
    shape = {name: value for name, value in good.shape.items() if name != DELTA_LINK}
    return good.usual(r, {**shape, NEXT: r.choice(good.links)})


@poison
def _page_before_comes_again(r: Random, good: Good) -> Raw | None:
    return good.usual(r, r.choice(good.before)) if good.before else None


@poison
def _link_of_an_enemy(r: Random, good: Good) -> Raw:
    kind = r.choice(("look-alike host", "user before the host", "port", "scheme", "sign-in server"))
    link: Any = HOSTILE[kind](r, good.path)
    link = r.choice((link, link, link, 7, {}, [], True, ""))
    return good.usual(r, {**good.shape, r.choice((NEXT, NEXT, DELTA_LINK) if "delta" in good.path else (NEXT,)): link})


@poison
def _end_of_changes_unclear(r: Random, good: Good) -> Raw | None:
    """Of changes both links, or none."""
    if "delta" not in good.path:
        return None
    shape, own = good.shape, f"https://localhost:8443{good.path}?$deltatoken=x"
    if r.random() < 0.5:
        return good.usual(r, {NEXT: own, DELTA_LINK: own, **shape})
    return good.usual(r, {"value": shape["value"]})


@poison
def _rows_doubled(r: Random, good: Good) -> Raw:
    """No damage at all."""
    return good.usual(r, {**good.shape, "value": good.shape["value"] * 2})


# --- what cannot be told from an answer that is right ----------------------------------------------------------------


def empty(r: Random, good: Good) -> Raw:
    """All rows of a page are gone."""
    return good.usual(r, {**good.shape, "value": []})


def drop_link(r: Random, good: Good) -> Raw:
    """The list ends early."""
    return good.usual(r, {name: value for name, value in good.shape.items() if name != NEXT})


def thin_out(r: Random, good: Good) -> Raw:
    """Some rows are gone."""
    rows = good.shape["value"]
    return good.usual(r, {**good.shape, "value": r.sample(rows, r.randint(0, len(rows) // 4))})


SILENT: dict[str, Poison] = {"page emptied": empty, "next link dropped": drop_link, "rows left out": thin_out}
