"""$filter and $search on users: what is allowed by default, only as an advanced query, or never."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from seatkeeper.sandbox.graph import answers, refusals
from seatkeeper.sandbox.graph.filters import BadFilterError, Node, leaves, matches, parse, ticks
from seatkeeper.sandbox.graph.request import Request
from seatkeeper.sandbox.graph.rows import shown
from seatkeeper.sandbox.world.account_activity import sign_in_activity
from seatkeeper.sandbox.world.catalog import shapes
from seatkeeper.sandbox.world.people import Person
from seatkeeper.sandbox.world.tenant import Tenant

Test = Callable[[Person], bool]
ACTIVITY: Final = "signInActivity"
LONGEST_SEARCH: Final = 4096  # characters
MOST_CLAUSES: Final = 30
_CLAUSE: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')
_WORD: Final = re.compile(r"[^\W_]+")


def read_filter(tenant: Tenant, request: Request) -> tuple[Node | None, Test | None]:
    """$filter as a tree and as a test, after all of the directory's rules for it."""
    text = request.query.get("filter")
    if text is None:
        return None, None
    try:
        node = parse(text)
    except BadFilterError as error:
        raise refusals.bad_request("Invalid filter clause") from error
    check(node, advanced=request.advanced)
    if request.basic and any(leaf.path.partition("/")[0] not in _basic() for leaf in leaves(node)):
        raise refusals.denied()
    folded = _folded(node)
    return node, lambda person: matches(folded, _lookup(tenant, person))


def asks_activity(node: Node | None) -> bool:
    """Whether a filter looks at signInActivity."""
    return node is not None and any(leaf.path.startswith(ACTIVITY) for leaf in leaves(node))


def check(node: Node, *, advanced: bool) -> None:
    """Refuse what the directory cannot filter, or only as an advanced query."""
    alone = node.op not in {"and", "or", "not"}
    found = list(leaves(node))
    for leaf in found:
        if leaf.op == "any":
            inner = leaf.parts[0]
            if not (alone and inner.op == "eq") and not advanced:
                raise refusals.complex_query(leaf.path)
        else:
            _check_leaf(leaf, advanced=advanced)
    mixed = {leaf.path.startswith(ACTIVITY) for leaf in found}
    if len(mixed) > 1:
        raise refusals.unsupported("Filter on signInActivity cannot be combined with other properties.")
    if _has_not(node) and not advanced:
        raise refusals.needs_consistency("not")


def _check_leaf(leaf: Node, *, advanced: bool) -> None:
    if leaf.path.partition("/")[0] not in shapes()["user_properties"]:
        raise refusals.bad_request(
            f"Invalid filter clause: Could not find a property named '{refusals.shown(leaf.path)}' "
            "on type 'microsoft.graph.user'."
        )
    op = "eq_null" if leaf.op == "eq" and leaf.value is None else leaf.op
    level = "advanced" if leaf.path.endswith("/$count") else shapes()["user_filters"].get(leaf.path, {}).get(op, "")
    if not level or (leaf.path.startswith(ACTIVITY) and leaf.kind != "date"):
        raise refusals.unsupported_clause(leaf.path)
    if level == "advanced" and not advanced:
        raise refusals.needs_consistency(leaf.op)


def _has_not(node: Node) -> bool:
    return node.op == "not" or any(_has_not(part) for part in node.parts if node.op != "any")


def _folded(node: Node) -> Node:
    """The directory compares text without regard to case."""
    value = node.value
    if isinstance(value, str) and node.op != "any":
        value = value.lower()
    elif isinstance(value, tuple):
        value = tuple(v.lower() if isinstance(v, str) else v for v in value)
    return replace(node, value=value, parts=tuple(_folded(part) for part in node.parts))


def _lookup(tenant: Tenant, person: Person) -> Callable[[str], Any]:
    seen = shown(tenant, person)

    def value(path: str) -> Any:
        name, _, rest = path.partition("/")
        if name == ACTIVITY:
            moment = (sign_in_activity(tenant, person.number) or {}).get(rest)
            return ticks(moment) if isinstance(moment, str) else None
        found = answers.user(seen, (name,))[name]
        if rest == "$count":
            return len(found or ())
        if isinstance(found, list):
            return [
                {k: v.lower() if isinstance(v, str) else v for k, v in item.items()}
                for item in found
                if isinstance(item, dict)
            ]
        if isinstance(found, str):
            return ticks(found) if name.endswith("DateTime") else found.lower()
        return found

    return value


def read_search(tenant: Tenant, request: Request) -> Test | None:
    """$search="property:words" AND "property:words": words of displayName, else the beginning of a property."""
    text = request.query.get("search")
    if text is None:
        return None
    if not request.eventual:
        raise refusals.unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    groups = _clauses(text)
    if request.basic and any(name not in _basic() for group in groups for name, _ in group):
        raise refusals.denied()

    def test(person: Person) -> bool:
        shape = answers.user(shown(tenant, person), shapes()["user_search"])
        return any(all(_found(shape, name, words) for name, words in group) for group in groups)

    return test


def _clauses(text: str) -> list[list[tuple[str, str]]]:
    """What is searched for: any of these groups, all of a group."""
    if len(text) > LONGEST_SEARCH:
        raise _bad_search(0, text)
    groups: list[list[tuple[str, str]]] = [[]]
    place = 0
    while True:
        found = _CLAUSE.match(text, place)
        if not found:
            raise _bad_search(place, text)
        name, colon, words = found.group(1).partition(":")
        if not colon or name not in shapes()["user_search"] or not words.strip():
            raise _bad_search(place, text)
        groups[-1].append((name, words.replace("\\", "").strip().lower()))
        place = found.end()
        if place == len(text):
            return groups
        word = text[place : place + 4].split(" ")[0]
        if word not in {"AND", "OR"} or sum(map(len, groups)) >= MOST_CLAUSES:
            raise _bad_search(place, text)
        if word == "OR":
            groups.append([])
        place += len(word)


def _bad_search(place: int, text: str) -> refusals.Refusal:
    sign = refusals.shown(text[place : place + 1])
    where = f"at position {place} in '{refusals.shown(text)}'"
    return refusals.bad_request(f"Syntax error: character '{sign}' is not valid {where}.")


def _found(shape: dict[str, Any], name: str, words: str) -> bool:
    value = (shape[name] or "").lower()
    if name != "displayName":
        return bool(value.startswith(words))
    tokens = _WORD.findall(value)
    return all(any(token.startswith(word) for token in tokens) for word in _WORD.findall(words))


def _basic() -> list[str]:
    known: list[str] = shapes()["user_basic"]
    return known
