"""D: bodies that no reader should believe."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any, Final

from seatkeeper.sandbox.faults.fault import Call, Reply, fault, raw

_DEEP: Final = 100_000
_BOMB: Final = 200_000_000  # bytes a small compressed body becomes


@fault("D2", "garbage-after-json", "good JSON and then garbage, or a BOM before it, or another encoding",
       "refuse the page", on="list", where="once",
       variants=("garbage", "second", "bom", "utf-16", "latin-1"))  # fmt: skip
def _garbage(call: Call, reply: Reply) -> None:
    body = reply.body
    reply.body = {
        "garbage": lambda: body + b"\x00<!-- cache -->",
        "second": lambda: body + body,
        "bom": lambda: b"\xef\xbb\xbf" + body,
        "utf-16": lambda: body.decode().encode("utf-16"),
        "latin-1": lambda: body.replace(b'"value":[', b'"note":"caf\xe9","value":[', 1),
    }[call.variant]()


@fault("D3", "nan", "a number that JSON does not have",
       "refuse the page", on="list", where="once", variants=("NaN", "Infinity", "-Infinity"))  # fmt: skip
def _nan(call: Call, reply: Reply) -> None:
    reply.body = reply.body.replace(b'"value":[', b'"score":%s,"value":[' % call.variant.encode(), 1)


@fault("D4", "duplicate-keys", "every row has an id, and then another id",
       "refuse the page", on="list", where="once")  # fmt: skip
def _duplicate_keys(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    row = call.one(shape["value"])
    if row is not None and "id" in row:
        good = f'"id":"{row["id"]}"'.encode()
        reply.body = reply.body.replace(good, good + f',"id":"{call.id()}"'.encode(), 1)


@fault("D5", "deep-nesting", "a property nested 100,000 deep",
       "contain it in the page", on="list", where="once", variants=("lists", "objects"))  # fmt: skip
def _deep(call: Call, reply: Reply) -> None:
    opened, closed = (b"[", b"]") if call.variant == "lists" else (b'{"a":', b"}")
    deep = opened * _DEEP + b"1" + closed * _DEEP
    reply.body = reply.body.replace(b'"value":[', b'"extra":' + deep + b',"value":[', 1)


@fault("D5", "huge-number", "a number of 5,000 digits, or 2 to the 70th, where a name should be",
       "put the row aside", on="people", where="once", variants=("digits", "wide"))  # fmt: skip
def _huge_number(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    row = call.one(shape["value"])
    if row is not None:
        row["displayName"] = "@@number@@"
        reply.put(shape, {"@@number@@": b"9" * 5000 if call.variant == "digits" else b"%d" % 2**70})


@fault("D11", "html-login-page", "200 with the login page of a proxy instead of JSON",
       "call it an intermediary's answer, not the vendor's", on="graph", where="once")  # fmt: skip
def _html(_call: Call, reply: Reply) -> None:
    body = b"<!DOCTYPE html><html><head><title>Sign in to continue</title></head><body>Wi-Fi guest access</body></html>"
    reply.become(200, body, b"text/html; charset=utf-8")


@fault("D12", "gzip-bomb", "a compressed body of 200 MB, compressed twice, 10,000 header lines, or a text of 64 MB",
       "decode as it comes, stop at a cap", on="list", where="once",
       variants=("bomb", "nested", "headers", "string"))  # fmt: skip
def _gzip_bomb(call: Call, reply: Reply) -> None:
    if call.variant == "headers":
        reply.headers += [(b"x-filler-%d" % n, b"x" * 50) for n in range(10_000)]
        reply.way = raw
    elif call.variant == "string":
        reply.body = reply.body.replace(b'"value":[', b'"filler":"' + b"x" * 64_000_000 + b'","value":[', 1)
    else:
        bomb, packer = _begin_bomb()
        packer = packer.copy()
        reply.body = bomb + packer.compress(reply.body) + packer.flush()
        encoding = b"gzip"
        if call.variant == "nested":
            packer = zlib.compressobj(9, wbits=31)
            reply.body, encoding = packer.compress(reply.body) + packer.flush(), b"gzip, gzip"
        reply.put_header(b"content-encoding", encoding)


@cache
def _begin_bomb() -> tuple[bytes, Any]:
    """The compressed blanks, which take a second to make, and the compressor that continues behind them."""
    packer = zlib.compressobj(9, wbits=31)
    blanks = b" " * (_BOMB // 100)
    return b"".join(packer.compress(blanks) for _ in range(100)), packer


@fault("D15", "sunset", "headers say that this version of the API ends in 30 days",
       "tell somebody long before", on="graph", where="all")  # fmt: skip
def _sunset(_call: Call, reply: Reply) -> None:
    reply.put_header(b"deprecation", b"@1767225600")
    reply.put_header(b"sunset", b"Thu, 31 Dec 2026 23:59:59 GMT")
    reply.put_header(b"link", b'<https://developer.microsoft.example/deprecation>; rel="deprecation"')
