"""From the bytes of one answer to typed rows: fast when all is well, row by row when something is not.

The fast path is one strict decode of the whole page. Only when that fails, or when the text holds something
that a strict decode lets through and our stores cannot keep, each row is looked at on its own, so that one
bad row costs one row. What is not JSON at all is nobody's row: the page is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from seatkeeper.errors import BrokenAnswer

T = TypeVar("T")

_LONGEST_NUMBER: Final = 400  # digits; Python refuses to read more than 4,300
_VALUE: Final = b'"value":'
_LINKS: Final = (b'"@odata.nextLink"', b'"@odata.deltaLink"')
_SPACE: Final = " \t\r\n"
_UNSET: Final = msgspec.UNSET

LIST: Final = object()  # stands for a list whose rows were given one by one

Link = str | None | msgspec.UnsetType


class BadRow(msgspec.Struct, frozen=True):
    """A row that was not understood: its bytes as they came, and why, without any of its content."""

    raw: bytes
    reason: str

    def __repr__(self) -> str:
        return f"BadRow({len(self.raw)} bytes, {self.reason!r})"  # the bytes are about a person


class Rows(NamedTuple, Generic[T]):
    """What one answer holds; a link is UNSET when it was left out, which is not the same as null."""

    rows: list[T]
    bad: list[BadRow]
    next_link: Link
    delta_link: Link


class Unreadable(BrokenAnswer):
    """The text is not whole JSON: it may be whole when it is asked for again."""


class _Page(msgspec.Struct, Generic[T]):
    value: list[T]
    next_link: Link = msgspec.field(name="@odata.nextLink", default=_UNSET)
    delta_link: Link = msgspec.field(name="@odata.deltaLink", default=_UNSET)
    error: Any = _UNSET


def _to_page_decoder(row: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_Page[row])


def _to_row_decoder(row: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(row)


_page_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = cache(_to_page_decoder)
_row_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = cache(_to_row_decoder)


def to_rows(body: bytes, row: type[T]) -> Rows[T]:
    """Decode one answer. Raises Unreadable when it is not JSON, BrokenAnswer when it is not a list."""
    try:
        page = _page_decoder(row).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _to_rows_singly(body, row)
    if page.error is not _UNSET:
        raise BrokenAnswer("Microsoft sent an error that calls itself a success. We try again at the next run.")
    if _is_suspect(body) or _comes_twice(body, row, len(page.value)):
        return _to_rows_singly(body, row)
    return Rows(page.value, [], page.next_link, page.delta_link)


def to_row(raw: bytes, row: type[T]) -> T:
    """One row alone, as a BadRow keeps it. Raises ValueError with the reason when it is not understood."""
    try:
        found = to_rows(b'{"value":[%b]}' % raw, row)
    except BrokenAnswer as error:
        raise ValueError(str(error)) from None
    if found.bad or len(found.rows) != 1:
        raise ValueError(found.bad[0].reason if found.bad else "not one row")
    return found.rows[0]


def _is_suspect(body: bytes) -> bool:
    """True when a strict decode may have let something through that must not be lost or kept.

    A NUL character is legal JSON, but PostgreSQL cannot hold it. Of two lists named `value` the decoder keeps the last,
    and the rows of the first would be lost. Searching a whole page costs about a tenth of decoding it; so the search
    for NUL starts at the first backslash, which most pages do not have, and links are looked for around the list only.
    """
    escape = body.find(b"\\")
    if escape >= 0 and body.find(b"\\u0000", escape) >= 0:
        return True
    start = body.find(_VALUE)
    if start < 0 or body.find(_VALUE, start + 1) >= 0:
        return True
    around = body[:start] + body[body.rfind(b"]") :]
    return any(around.count(link) > 1 for link in _LINKS)


def _to_names(row: Any) -> tuple[tuple[bytes, ...], str]:
    return tuple(f'"{name}":'.encode() for name in getattr(row, "ONCE", ())), getattr(row, "FIRST", "")


_names: Callable[[Any], tuple[tuple[bytes, ...], str]] = cache(_to_names)


def _comes_twice(body: bytes, row: Any, rows: int) -> bool:
    """True when a field may come twice in a row: of two the decoder silently keeps the last.

    A row type names in `ONCE` the fields that matter and whose names no deeper object has: then there are at most as
    many of a name as rows. `FIRST` is a field that deeper objects have too; it begins a row, or an object in it, so a
    second one follows a comma. Counting these costs 8 % of fetching and decoding a page; all fields would cost 30 %.
    """
    once, first = _names(row)
    if any(body.count(name) > rows for name in once):
        return True
    if not first:
        return False
    second = body.count(f',"{first}":'.encode())
    return second > 0 and second > rows - body.count(f'{{"{first}":'.encode())


def _to_rows_singly(body: bytes, row: type[T]) -> Rows[T]:
    outer: dict[str, Any] = {}
    rows: list[T] = []
    bad: list[BadRow] = []
    try:
        for key, found in _Reader(body.decode()).read():
            if key is None:
                _sort(found, row, rows, bad)
            elif key in outer:
                raise BrokenAnswer("The answer names one thing twice.")
            else:
                outer[key] = found
    except (ValueError, IndexError, RecursionError):
        raise Unreadable("Microsoft's answer is not whole, or not JSON.") from None
    if "error" in outer:
        raise BrokenAnswer("Microsoft sent an error that calls itself a success. We try again at the next run.")
    if outer.get("value") is not LIST:
        raise BrokenAnswer("Microsoft's answer holds no list.")
    links = [outer.get(key, _UNSET) for key in ("@odata.nextLink", "@odata.deltaLink")]
    if any(not isinstance(link, str | None) and link is not _UNSET for link in links):
        raise BrokenAnswer("Microsoft's answer points to its next page in a way that is not an address.")
    return Rows(rows, bad, *links)


def _sort(found: _Found, row: type[T], rows: list[T], bad: list[BadRow]) -> None:
    reason = found.fault or _to_text_fault(found.value)
    raw = found.text.encode("utf-8", "surrogatepass")
    if not reason:
        try:
            rows.append(_row_decoder(row).decode(raw))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = str(error)[:200] or type(error).__name__
        else:
            return
    bad.append(BadRow(raw, reason))


def _to_text_fault(value: object) -> str:
    """Why a text anywhere in the row cannot be stored, or nothing."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            rest += item.keys()
            rest += item.values()
        elif isinstance(item, list):
            rest += item
        elif isinstance(item, str):
            if "\0" in item:
                return "a text holds a NUL character"
            if not item.isascii() and any("\ud800" <= letter <= "\udfff" for letter in item):
                return "a text holds half a character (a lone surrogate)"
    return ""


class _Found(NamedTuple):
    """A row as Python reads it, its own text, and what is wrong with it though it is JSON."""

    value: object
    text: str
    fault: str


class _Reader:
    """Reads the outermost object of a page and gives its rows one by one, with the piece of text each was
    read from.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._fault = ""
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._to_object, parse_int=self._to_int, parse_constant=_refuse
        )

    def read(self) -> Iterator[tuple[str | None, Any]]:
        """Pairs of the object. Rows of `value` come one by one under None, then `value` itself with LIST."""
        for _ in self._items("{", "}"):
            if self._peek() != '"':
                raise ValueError("not a key")
            key, _ = self._value()
            self._expect(":")
            if key == "value" and self._peek() == "[":
                for _ in self._items("[", "]"):
                    self._fault = ""
                    value, text = self._value()
                    yield None, _Found(value, text, self._fault)
                yield key, LIST
            else:
                yield key, self._value()[0]
        if self._text[self._at :].strip(_SPACE):
            raise ValueError("more after the end")

    def _items(self, opening: str, closing: str) -> Iterator[None]:
        """Stand before each item in turn, which the caller reads."""
        self._expect(opening)
        if self._peek() != closing:
            yield
            while self._peek() != closing:
                self._expect(",")
                yield
        self._expect(closing)

    def _value(self) -> tuple[Any, str]:
        self._peek()
        value, end = self._decoder.raw_decode(self._text, self._at)
        text = self._text[self._at : end]
        self._at = end
        return value, text

    def _peek(self) -> str:
        while self._text[self._at] in _SPACE:
            self._at += 1
        return self._text[self._at]

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise ValueError("not JSON")
        self._at += 1

    def _to_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self._fault = "a field comes twice"
        return found

    def _to_int(self, digits: str) -> int:
        if len(digits) <= _LONGEST_NUMBER:
            return int(digits)
        self._fault = "a number is too long"
        return 0


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
