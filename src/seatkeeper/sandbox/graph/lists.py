"""Lists that fit in memory: filtering, sorting, selecting and paging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.graph.answers import encode
from seatkeeper.sandbox.graph.filters import BadFilterError, leaves, matches, parse, ticks
from seatkeeper.sandbox.graph.queries import PageTokens
from seatkeeper.sandbox.graph.request import Answer, Request, collection
from seatkeeper.sandbox.world.tenant import Tenant

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """One such list. `filters` are the documented operators by path, `default` what comes without $select."""

    context: str
    kind: str
    properties: tuple[str, ...]
    page: int
    most: int
    sortable: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] | None = None
    default: tuple[str, ...] | None = None
    token_life: int = 3600


def select(request: Request, known: tuple[str, ...], kind: str) -> list[str] | None:
    """The selected properties, None for the default ones."""
    text = request.query.get("select")
    if not text or text.strip() == "*":
        return None
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise refusals.unknown_property(name, kind)
    return names


def page(request: Request, context: str, rows: list[Row], names: list[str] | None) -> bytes:
    """All rows on one page."""
    if names is not None:
        context = f"{context}({','.join(names)})"
        rows = [{name: row[name] for name in names} for row in rows]
    return collection(request, context, b",".join(map(encode, rows)), {})


def serve(tenant: Tenant, request: Request, listing: Listing, rows: list[Row]) -> Answer:
    """A page of the rows as the query asks for them."""
    query = request.query
    names = select(request, listing.properties, listing.kind)
    test = _test(request, listing)
    top = min(query.top(listing.page, 999) if listing.most == 999 else _top(request, listing), listing.most)
    found = [row for row in rows if test(row)]
    _sort(request, listing, found)
    begin = _begin(tenant, request, listing)
    notes: dict[str, object] = {}
    if begin == 0 and query.flag("count") and request.eventual:
        notes["count"] = len(found)
    if begin + top < len(found):
        token = PageTokens(tenant).make(listing.context, query, request.now, [begin + top])
        notes["nextLink"] = request.link("skiptoken", token)
    shown = found[begin : begin + top]
    wanted = names or listing.default
    if wanted is not None:
        shown = [{name: row[name] for name in wanted} for row in shown]
    context = listing.context if names is None else f"{listing.context}({','.join(names)})"
    return Answer(collection(request, context, b",".join(map(encode, shown)), notes))


def _top(request: Request, listing: Listing) -> int:
    """$top of the logs, where more than the most is no error."""
    text = request.query.get("top")
    if text is None:
        return listing.page
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise refusals.bad_top(text)
    return int(text)


def _begin(tenant: Tenant, request: Request, listing: Listing) -> int:
    text = request.query.get("skiptoken")
    if text is None:
        return 0
    known = PageTokens(tenant).read(listing.context, request.query, text)
    if known is None or request.now - known[0] > listing.token_life:
        raise refusals.expired_page() if listing.most == 999 else refusals.skip_token("Invalid Skip Token")
    return int(known[1][0])


def _sort(request: Request, listing: Listing, rows: list[Row]) -> None:
    text = request.query.get("orderby")
    if text is None:
        return
    words = text.split()
    if len(words) not in {1, 2} or words[0] not in listing.sortable or words[1:] not in ([], ["asc"], ["desc"]):
        raise refusals.unsupported("Sorting not supported for current query.")
    rows.sort(key=lambda row: str(row[words[0]]), reverse=words[1:] == ["desc"])


def _test(request: Request, listing: Listing) -> Callable[[Row], bool]:
    text = request.query.get("filter")
    if text is None:
        return lambda _row: True
    try:
        node = parse(text)
    except BadFilterError as error:
        raise refusals.invalid_clause() from error
    for leaf in leaves(node):
        inner = leaf.parts[0] if leaf.op == "any" else leaf
        path = f"{leaf.path}/{inner.path.partition('/')[2]}" if leaf.op == "any" else leaf.path
        if inner.op not in (listing.filters or {}).get(path, ()):
            raise refusals.invalid_clause()
        if path.endswith("DateTime") and inner.kind != "date":
            raise refusals.invalid_clause()

    def value(row: Row, path: str) -> Any:
        found: Any = row
        for name in path.split("/"):
            found = found.get(name) if isinstance(found, dict) else None
        return ticks(found) if path.endswith("DateTime") and isinstance(found, str) else found

    return lambda row: matches(node, partial(value, row))
