"""$orderby on users; the order is kept until the question or the directory changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.request import Request
from seatkeeper.sandbox.graph.rows import shown
from seatkeeper.sandbox.world.catalog import shapes
from seatkeeper.sandbox.world.people import Person
from seatkeeper.sandbox.world.tenant import Tenant

MOST: Final = 50_000  # accounts of a tenant that can still be sorted
KEPT: Final = 4
_LEVELS: Final = {"displayName": "default", "userPrincipalName": "default", "createdDateTime": "advanced"}
_KEYS: Final[dict[str, Callable[[Person], Any]]] = {
    "displayName": lambda p: p.display.casefold(),
    "userPrincipalName": lambda p: p.upn.casefold(),
    "createdDateTime": lambda p: p.created or 0,
}
_orders: WeakKeyDictionary[Tenant, dict[Any, list[int]]] = WeakKeyDictionary()


def wanted(request: Request) -> tuple[str, bool] | None:
    """The property to sort by and whether the last comes first, after the directory's rules."""
    text = request.query.get("orderby")
    if text is None:
        return None
    words = text.split()
    if len(words) not in {1, 2} or words[0] not in _LEVELS or words[1:] not in ([], ["asc"], ["desc"]):
        raise refusals.unsupported("Sorting not supported for current query.")
    mixed = request.query.get("filter") is not None or request.query.get("search") is not None
    if (mixed or _LEVELS[words[0]] == "advanced") and not request.advanced:
        raise refusals.unsupported("Sorting not supported for current query.")
    return words[0], words[1:] == ["desc"]


def ordered(
    tenant: Tenant, request: Request, order: tuple[str, bool], test: Callable[[Person], bool] | None
) -> list[int]:
    """The numbers of everybody who passes, in the order asked for."""
    directory = tenant.directory
    if directory.total > MOST:
        raise refusals.unsupported("Sorting not supported for current query.")
    known = _orders.setdefault(tenant, {})
    key = (order, request.query.get("filter"), request.query.get("search"), directory.happened, request.now // 60)
    found = known.get(key)
    if found is None:
        people = (directory.at(number, request.now) for number in range(directory.total))
        kept = [shown(tenant, p) for p in people if p and (test is None or test(p))]
        kept.sort(key=_KEYS[order[0]], reverse=order[1])
        found = known[key] = [person.number for person in kept]
        if len(known) > KEPT:
            del known[next(iter(known))]
    return found


def basic(shape: dict[str, Any]) -> dict[str, Any]:
    """An account as User.ReadBasic.All shows it: all other properties are null or empty."""
    names = shapes()["user_basic"]
    return {n: v if n in names else ([] if isinstance(v, list) else None) for n, v in shape.items()}
