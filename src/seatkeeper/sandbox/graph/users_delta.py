"""GET /users/delta: a first round with everybody, then rounds with what changed."""

from __future__ import annotations

import re
from typing import Any, Final

from seatkeeper.sandbox.graph import answers, refusals
from seatkeeper.sandbox.graph.filters import BadFilterError, parse
from seatkeeper.sandbox.graph.queries import PageTokens, select_user, user_properties
from seatkeeper.sandbox.graph.request import Answer, Request, collection, cost, permitted
from seatkeeper.sandbox.graph.rows import user_rows
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Tenant

PAGE: Final = 200  # accounts a page unless the client prefers otherwise; Microsoft names no figure
LIFE: Final = 7 * DAY  # of a delta token for directory objects
TOO_OLD: Final = 30 * DAY  # seen in practice: another error from here on

# What each kind of change shows in. licenseAssignmentStates is not tracked by Microsoft's delta.
_SHOWS: Final = {
    "rename": ("surname", "displayName", "userPrincipalName", "mail", "mailNickname", "proxyAddresses", "identities"),
    "gain": ("assignedLicenses", "assignedPlans"),
    "lose": ("assignedLicenses", "assignedPlans"),
    "swap": ("assignedLicenses", "assignedPlans"),
    "block": ("accountEnabled",),
}


def delta(tenant: Tenant, request: Request) -> Answer:
    """A page of a round."""
    permitted(request, "/users/delta")
    query = request.query
    query.only("select", "filter", "deltatoken", "skiptoken", "format")
    selected = select_user(query)
    if selected and "signInActivity" in selected:
        raise refusals.bad_request(
            "Invalid request for delta query: for this entity set, $expand/$select is not supported for the following "
            "properties: signInActivity"
        )
    ids = _only_ids(tenant, request)
    since, until, place = _position(tenant, request)
    properties = user_properties(selected)
    size = _size(request)
    if since is None:
        rows, place = _everybody(tenant, request, ids, (place, size), properties)
        more = place >= 0
    else:
        changes = _changes(tenant, (since, until), selected, ids)
        minimal = "return=minimal" in request.headers.get("prefer", "").replace(" ", "").lower()
        rows = b",".join(
            _changed(tenant, change, properties, request.now, minimal=minimal)
            for change in changes[place : place + size]
        )
        place, more = place + size, place + size < len(changes)
    if more:
        name, token = "nextLink", request.link("skiptoken", _token(tenant, request, [since, until, place]))
    else:
        name, token = "deltaLink", request.link("deltatoken", _token(tenant, request, [until, None, 0]))
    context = "users" if selected is None else f"users({','.join(selected)})"
    return Answer(collection(request, f"{context}/$delta", rows, {name: token}), cost(request, 1))


def _token(tenant: Tenant, request: Request, position: list[Any]) -> str:
    return PageTokens(tenant).make("delta", request.query, request.now, position)


def _position(tenant: Tenant, request: Request) -> tuple[int | None, int, int]:
    """Since when, until when, and from which place of the round; since None is the first round."""
    query = request.query
    text = query.get("deltatoken") or query.get("skiptoken")
    if not text:
        return None, request.now, 0
    if query.get("deltatoken") and text.lower() == "latest":
        return request.now, request.now, 0
    known = PageTokens(tenant).read("delta", query, text)
    if known is None:
        raise refusals.Refusal(400, "Directory_ExpiredPageToken", refusals.expired_page().message)
    since, until, place = known[1]
    made = since if query.get("deltatoken") else known[0]
    if request.now - made > TOO_OLD:
        raise refusals.unsupported("DeltaLink older than 30 days is not supported.")
    if request.now - made > LIFE:
        raise refusals.delta_gone(request.link("deltatoken", ""))
    return since, request.now if until is None else until, place


def _size(request: Request) -> int:
    """odata.maxpagesize of the Prefer header, 1 to 999."""
    found = re.search(r"odata\.maxpagesize\s*=\s*(\d{1,9})", request.headers.get("prefer", ""), re.IGNORECASE)
    return min(max(int(found.group(1)), 1), 999) if found else PAGE


def _only_ids(tenant: Tenant, request: Request) -> frozenset[int] | None:
    """$filter=id eq …, up to 50 joined by or."""
    text = request.query.get("filter")
    if text is None:
        return None
    try:
        node = parse(text)
    except BadFilterError as error:
        raise refusals.bad_request("Invalid filter clause") from error
    parts = node.parts if node.op == "or" else (node,)
    if len(parts) > 50 or any(part.op != "eq" or part.path != "id" for part in parts):
        raise refusals.unsupported("The provided filter statement is not supported for delta queries.")
    numbers = (tenant.directory.number_of(str(part.value)) for part in parts)
    return frozenset(number for number in numbers if number is not None)


def _everybody(
    tenant: Tenant, request: Request, ids: frozenset[int] | None, span: tuple[int, int], properties: tuple[str, ...]
) -> tuple[bytes, int]:
    """A page of the first round and where the next begins; a negative place is the end."""
    begin, size = span
    if ids is not None:
        people = [tenant.directory.at(number, request.now) for number in sorted(ids)]
        return b",".join(user_rows(tenant).one(p, properties) for p in people if p), -1
    end = user_rows(tenant).span(begin, size)
    rows = user_rows(tenant).page(begin, end, properties, request.now)
    return rows, end if end < tenant.directory.total else -1


def _changes(
    tenant: Tenant, span: tuple[int, int], selected: tuple[str, ...] | None, ids: frozenset[int] | None
) -> list[tuple[int, list[str]]]:
    """Whom something happened to after `since` and until `until`, and what, in the order of the first change."""
    found: dict[int, list[str]] = {}
    for change in tenant.directory.log[: tenant.directory.happened]:
        if span[0] < change.at <= span[1] and (ids is None or change.number in ids):
            found.setdefault(change.number, []).append(change.kind)
    shown = set(user_properties(selected))
    return [(n, kinds) for n, kinds in found.items() if any(k not in _SHOWS or shown & set(_SHOWS[k]) for k in kinds)]


def _changed(
    tenant: Tenant, change: tuple[int, list[str]], properties: tuple[str, ...], now: int, *, minimal: bool
) -> bytes:
    number, kinds = change
    person = tenant.directory.at(number, now)
    if person is None:
        id_ = tenant.directory.original(number).id
        return answers.encode({"id": id_, "@removed": {"reason": "changed"}})
    if minimal and _SHOWS.keys() >= set(kinds):
        touched = {name for kind in kinds for name in _SHOWS[kind]}
        properties = tuple(name for name in properties if name in touched or name == "id")
    return user_rows(tenant).one(person, properties)
