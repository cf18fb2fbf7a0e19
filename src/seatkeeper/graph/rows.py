"""From the bytes of one answer to typed rows: fast when all is well, row by row when something is not.

The fast path is one strict decode of the whole page. Only when that fails, or when the text holds something
that a strict decode lets through and our stores cannot keep, each row is looked at on its own, so that one
bad row costs one row. What is not JSON at all is nobody's row: the page is refused.

Two things are legal JSON and fit into no database: NUL, and half of a surrogate pair. In every text of a row each
becomes U+FFFD, the sign for a character that was lost (docs/decisions/0012); nothing else about a text changes here.
An id that holds U+FFFD is no id: `model.to_key` refuses it, so such an id is never changed.

A GUID is the same in capitals: every field that is declared as an `Id` is folded here (`ids`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from seatkeeper.errors import BrokenAnswer
from seatkeeper.graph.ids import fold_all
from seatkeeper.model import BadRow

T = TypeVar("T")

_MOST_ROWS: Final = 10_000  # a page of Microsoft's has at most 1,000
_MOST_VALUES: Final = 2_000_000  # in one answer: a page of 999 people with a large suite each has 400,000
_LONGEST_NUMBER: Final = 400  # digits; Python refuses to read more than 4,300
_VALUE: Final = b'"value":'
_LINKS: Final = (b'"@odata.nextLink"', b'"@odata.deltaLink"')
_SPACE: Final = " \t\r\n"
_UNSET: Final = msgspec.UNSET

# An escape as JSON has it: a whole surrogate pair; NUL or half a pair, which are lost; any other.
_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lost>\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2}))"
    rb"|\\."
)

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
"""A whole number as Microsoft's schema has it, and as the store's columns can hold it."""

LIST: Final = object()  # stands for a list whose rows were given one by one

Link = str | None | msgspec.UnsetType


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


# One decoder for each type of row. The types are given because mypy does not take a `type[T]` for hashable.
_page_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = cache(_to_page_decoder)
_row_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = cache(msgspec.json.Decoder)


def to_rows(body: bytes, row: type[T]) -> Rows[T]:
    """Decode one answer. Raises Unreadable when it is not JSON, BrokenAnswer when it is not a list or too long a one.

    The bytes of an answer are bounded where it is unpacked; what they become is bounded here, before they are decoded:
    a list of empty objects takes forty times as much memory as its text.
    """
    if body.count(b",") > _MOST_VALUES:
        raise BrokenAnswer(f"Microsoft's answer holds more than {_MOST_VALUES:,} values.")
    try:
        page = _page_decoder(row).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _to_rows_singly(body, row)
    if len(page.value) > _MOST_ROWS:
        raise _too_many()
    if page.error is not _UNSET:
        raise BrokenAnswer("Microsoft sent an error that calls itself a success. We try again at the next run.")
    if _is_suspect(body) or _comes_twice(body, row, len(page.value)):
        return _to_rows_singly(body, row)
    fold_all(page.value, row)
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

    That is a NUL, and a second list named `value`: the decoder keeps the last, and the rows of the first would be lost.
    Half a surrogate pair makes the strict decode fail by itself. Searching a whole page costs about a tenth of
    decoding it; so the search for NUL starts at the first backslash, which most pages do not have, and links are
    looked for around the list only.
    """
    escape = body.find(b"\\")
    if escape >= 0 and body.find(b"\\u0000", escape) >= 0:
        return True
    start = body.find(_VALUE)
    if start < 0 or body.find(_VALUE, start + 1) >= 0:
        return True
    around = body[:start] + body[body.rfind(b"]") :]
    return any(around.count(link) > 1 for link in _LINKS)


def _comes_twice(body: bytes, row: Any, rows: int) -> bool:
    """True when a field may come twice in a row: of two the decoder silently keeps the last.

    A row type names in `ONCE` the fields that matter and whose names no deeper object has: then there are at most as
    many of a name as rows. `FIRST` is a field that deeper objects have too; it begins a row, or an object in it, so a
    second one follows a comma. Counting these costs 8 % of fetching and decoding a page; all fields would cost 30 %.
    """
    if any(body.count(f'"{name}":'.encode()) > rows for name in getattr(row, "ONCE", ())):
        return True
    first = getattr(row, "FIRST", "")
    if not first:
        return False
    second = body.count(f',"{first}":'.encode())
    return second > 0 and second > rows - body.count(f'{{"{first}":'.encode())


def _too_many() -> BrokenAnswer:
    return BrokenAnswer(f"Microsoft's answer holds more than {_MOST_ROWS:,} rows on one page.")


def _to_rows_singly(body: bytes, row: type[T]) -> Rows[T]:
    outer: dict[str, Any] = {}
    singles: list[_Found] = []
    try:
        for key, found in _Reader(body.decode()).read():
            if key is None:
                singles.append(found)
                if len(singles) > _MOST_ROWS:
                    raise _too_many()
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
    rows: list[T] = []
    bad: list[BadRow] = []
    for text, fault in singles:
        raw, reason = text.encode(), fault
        try:
            if not fault:
                found = _row_decoder(row).decode(to_storable(raw))
                fold_all([found], row)
                rows.append(found)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = str(error)[:200] or type(error).__name__
        if reason:
            bad.append(BadRow(raw, reason))
    return Rows(rows, bad, *links)


def to_storable(raw: bytes) -> bytes:
    """The JSON with U+FFFD in place of each character that no database can hold."""
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["lost"] else escape[0], raw)


class _Found(NamedTuple):
    """The text of a row, and what is wrong with it though it is JSON."""

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

        # What is JSON all the same, but not for us: the row is named as bad, and the reading goes on behind it.
        def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found = dict(pairs)
            if len(found) < len(pairs):
                self._fault = "a field comes twice"
            return found

        def to_int(digits: str) -> int:
            if len(digits) <= _LONGEST_NUMBER:
                return int(digits)
            self._fault = "a number is too long"
            return 0

        def refuse(constant: str) -> None:  # NaN and Infinity, which Python would read
            raise ValueError(f"{constant} is not JSON")

        self._decoder = json.JSONDecoder(object_pairs_hook=to_object, parse_int=to_int, parse_constant=refuse)

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
                    _, text = self._value()
                    yield None, _Found(text, self._fault)
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
