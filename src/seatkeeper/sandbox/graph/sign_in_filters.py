"""$filter on the sign-in log: checks it, and bounds it by times, applications and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from seatkeeper.sandbox.graph import answers, refusals
from seatkeeper.sandbox.graph.filters import BadFilterError, Node, leaves, matches, parse, ticks
from seatkeeper.sandbox.graph.request import Request
from seatkeeper.sandbox.world.catalog import App, shapes
from seatkeeper.sandbox.world.people import DAY, GHOST
from seatkeeper.sandbox.world.tenant import Tenant

OLDEST: Final = 90 * DAY  # a filter may not ask for more
_EVER: Final = 1 << 62
_ALL: Final = (1 << 16) - 1
_OF_APPS: Final[dict[str, Callable[[App], str]]] = {
    "appId": lambda app: app.id,
    "appDisplayName": lambda app: app.title,
    "resourceId": lambda app: app.resource_id,
    "resourceDisplayName": lambda app: app.resource_title,
}


@dataclass(frozen=True, slots=True)
class Box:
    """What a filter lets through at most; `exact` says that it lets through all of it."""

    low: int = 0
    high: int = _EVER
    mask: int = _ALL
    people: frozenset[int] | None = None
    exact: bool = True


def read_filter(request: Request) -> Node | None:
    """$filter as a tree."""
    text = request.query.get("filter")
    if text is None:
        return None
    try:
        return parse(text)
    except BadFilterError as error:
        raise refusals.invalid_clause() from error


def allowed(tenant: Tenant, node: Node | None, now: int) -> tuple[Box, Callable[[bytes], bool] | None]:
    """What $filter lets through, and the test of each row where that is not exact."""
    if node is None:
        return Box(), None
    _check(node, now)
    box = bounds(tenant, node)
    return box, None if box.exact else (lambda row: matches(node, _lookup(answers.decode(row))))


def _check(node: Node, now: int) -> None:
    """Refuse operators that are not documented for a property, quoted dates and dates before the log."""
    if any(part.op == "not" for part in _all(node)):
        raise refusals.invalid_clause()
    for leaf in leaves(node):
        allowed = shapes()["sign_in_filters"].get(leaf.path.partition("/")[0], ())
        if leaf.op not in allowed:
            raise refusals.invalid_clause()
        if leaf.path == "createdDateTime" and (leaf.kind != "date" or leaf.value < (now - OLDEST) * 10_000_000):
            raise refusals.invalid_clause()


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _all(part)


def bounds(tenant: Tenant, node: Node) -> Box:
    """The smallest box around what a filter lets through."""
    if node.op == "and":
        box = Box()
        for part in node.parts:
            box = _both(box, bounds(tenant, part))
        return box
    if node.op == "or":
        return _either([bounds(tenant, part) for part in node.parts])
    if node.path == "createdDateTime":
        low = node.value if node.op != "le" else 0
        return Box(low=low, high=node.value if node.op != "ge" else _EVER)
    if node.path in _OF_APPS:
        values = map(_OF_APPS[node.path], tenant.log.apps)
        return Box(mask=sum(1 << code for code, value in enumerate(values) if _fits(value, node)))
    if node.path == "userId":
        return Box(people=_account(tenant, str(node.value)))
    return Box(exact=False)


def _fits(value: str, node: Node) -> bool:
    return bool(value.startswith(node.value) if node.op == "startsWith" else value == node.value)


def _account(tenant: Tenant, id_: str) -> frozenset[int]:
    number = tenant.directory.number_of(id_)
    if number is None:
        return frozenset()
    person = tenant.directory.ghost if number == GHOST else tenant.directory.original(number)
    return frozenset({number}) if person.id == id_ else frozenset()


def _both(one: Box, other: Box) -> Box:
    people = one.people if other.people is None else other.people
    if one.people is not None and other.people is not None:
        people = one.people & other.people
    return Box(
        max(one.low, other.low),
        min(one.high, other.high),
        one.mask & other.mask,
        people,
        one.exact and other.exact,
    )


def _either(boxes: list[Box]) -> Box:
    """The box around several; exact only when they differ in one thing that can be joined."""
    masks = {box.mask for box in boxes}
    times = {(box.low, box.high) for box in boxes}
    groups = [box.people for box in boxes]
    people = None if None in groups else frozenset(n for group in groups for n in group or ())
    joined = len(times) == 1 and (len(masks) == 1 or len(set(groups)) == 1)
    mask = 0
    for box in boxes:
        mask |= box.mask
    return Box(
        min(box.low for box in boxes),
        max(box.high for box in boxes),
        mask,
        people,
        joined and all(box.exact for box in boxes),
    )


def _lookup(row: dict[str, Any]) -> Callable[[str], Any]:
    def value(path: str) -> Any:
        found: Any = row
        for name in path.split("/"):
            found = found.get(name) if isinstance(found, dict) else None
        return ticks(found) if path == "createdDateTime" and isinstance(found, str) else found

    return value
