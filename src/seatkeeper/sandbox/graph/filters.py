"""Parses $filter into a small tree within fixed limits, so that a hostile query costs no more than any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

LONGEST: Final = 16_384  # characters; a longer filter is refused unread
DEEPEST: Final = 40  # nested parentheses

_TOKENS: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<date>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})|\d{4}-\d{2}-\d{2}(?![\w-]))"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<number>-?\d+(?![\w.-]))"
    r"|(?P<name>[A-Za-z_$][\w/$]*)"
    r"|(?P<sign>[(),:]))"
)
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?(.+))?")


class BadFilterError(Exception):
    """The filter cannot be read."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a filter. `op` is and, or, not, eq, ne, ge, le, gt, lt, in, startsWith, endsWith, any."""

    op: str
    path: str = ""
    value: Any = None
    kind: str = ""  # of the value: text, date, guid, number, name
    parts: tuple[Node, ...] = ()


def ticks(text: str) -> int:
    """A date of a filter as 100 ns since 1970."""
    found = _DATE.fullmatch(text)
    if not found:
        raise BadFilterError(text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        base = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError as error:
        raise BadFilterError(text) from error
    seconds = int(base.timestamp())
    if zone and zone != "Z":
        away = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        seconds -= away if zone[0] == "+" else -away
    return seconds * 10_000_000 + int(((fraction or "") + "0000000")[:7])


def parse(text: str) -> Node:
    """The tree of a filter; BadFilterError when there is none."""
    if len(text) > LONGEST:
        raise BadFilterError("too long")
    return _Reader(list(_split(text))).whole()


def _split(text: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKENS.match(text, place)
        if not found or not found.lastgroup:
            raise BadFilterError(text[place : place + 20])
        yield found.lastgroup, found.group(found.lastgroup)
        place = found.end()


class _Reader:
    """Recursive descent: or over and over not over comparisons."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self._or()
        if self.place != len(self.tokens):
            raise BadFilterError("something is left over")
        return node

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self.place += 1
        if not token[0]:
            raise BadFilterError("it ends too early")
        return token

    def _take(self, sign: str) -> None:
        if self._next()[1] != sign:
            raise BadFilterError(f"{sign} expected")

    def _or(self) -> Node:
        return self._chain("or", self._and)

    def _and(self) -> Node:
        return self._chain("and", self._not)

    def _chain(self, word: str, inner: Callable[[], Node]) -> Node:
        parts = [inner()]
        while self._peek()[1].lower() == word:
            self.place += 1
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Node(word, parts=tuple(parts))

    def _not(self) -> Node:
        flips = 0
        while self._peek() in {("name", "not"), ("name", "NOT")}:
            self.place += 1
            flips += 1
        node = self._atom()
        return Node("not", parts=(node,)) if flips % 2 else node

    def _atom(self) -> Node:
        kind, text = self._next()
        if text == "(":
            self.depth += 1
            if self.depth > DEEPEST:
                raise BadFilterError("too deep")
            node = self._or()
            self._take(")")
            self.depth -= 1
            return node
        if kind != "name":
            raise BadFilterError(text)
        if self._peek()[1] == "(":
            return self._call(text)
        operator = self._next()[1].lower()
        if operator == "in":
            return self._in(text)
        if operator not in {"eq", "ne", "ge", "le", "gt", "lt"}:
            raise BadFilterError(operator)
        value_kind, value = self._value()
        return Node(operator, text, value, value_kind)

    def _call(self, name: str) -> Node:
        self._take("(")
        if name.lower() in {"startswith", "endswith"}:
            path = self._next()[1]
            self._take(",")
            kind, value = self._value()
            self._take(")")
            if self._peek() == ("name", "eq"):  # startswith(x,'y') eq true
                self.place += 1
                if self._next()[1].lower() != "true":
                    raise BadFilterError("true expected")
            return Node("startsWith" if name.lower() == "startswith" else "endsWith", path, value, kind)
        if name.endswith("/any"):
            self.depth += 1
            if self.depth > DEEPEST:
                raise BadFilterError("too deep")
            variable = self._next()[1]
            self._take(":")
            inner = self._or()
            self._take(")")
            self.depth -= 1
            return Node("any", name.removesuffix("/any"), variable, parts=(inner,))
        raise BadFilterError(name)

    def _in(self, path: str) -> Node:
        self._take("(")
        kind, value = self._value()
        values = [value]
        while self._peek()[1] == ",":
            self.place += 1
            values.append(self._value()[1])
        self._take(")")
        return Node("in", path, tuple(values), kind)

    def _value(self) -> tuple[str, Any]:
        kind, text = self._next()
        if kind == "text":
            return kind, text[1:-1].replace("''", "'")
        if kind == "date":
            return kind, ticks(text)
        if kind == "number":
            return kind, int(text) if len(text) < 20 else 0
        if kind == "guid":
            return kind, text.lower()
        if kind == "name" and text in {"true", "false", "null"}:
            return "name", {"true": True, "false": False, "null": None}[text]
        raise BadFilterError(text)


def matches(node: Node, lookup: Callable[[str], Any]) -> bool:
    """Whether something passes; `lookup` gives the value at a path, and text compares as it gives it."""
    if node.op == "and":
        return all(matches(part, lookup) for part in node.parts)
    if node.op == "or":
        return any(matches(part, lookup) for part in node.parts)
    if node.op == "not":
        return not matches(node.parts[0], lookup)
    if node.op == "any":
        cut = len(node.value) + 1
        return any(
            matches(node.parts[0], lambda path, item=item: item.get(path[cut:]))  # type: ignore[misc]
            for item in lookup(node.path) or ()
        )
    value = lookup(node.path)
    if node.op == "in":
        return value in node.value
    if node.op in {"startsWith", "endsWith"}:
        text = str(node.value)
        return isinstance(value, str) and (value.startswith(text) if node.op == "startsWith" else value.endswith(text))
    return _compare(node.op, value, node.value)


def _compare(op: str, value: Any, wanted: Any) -> bool:
    if op in {"eq", "ne"}:
        return bool((value == wanted) is (op == "eq"))
    if value is None or wanted is None or isinstance(value, bool) or type(value) is not type(wanted):
        return False
    return bool({"ge": value >= wanted, "le": value <= wanted, "gt": value > wanted, "lt": value < wanted}[op])


def leaves(node: Node) -> Iterator[Node]:
    """Every comparison of a filter; those inside any() are not entered."""
    if node.op in {"and", "or", "not"}:
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node
