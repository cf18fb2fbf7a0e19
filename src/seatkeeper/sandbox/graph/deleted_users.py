"""GET /directory/deletedItems/microsoft.graph.user: accounts that can still be restored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from seatkeeper.sandbox.graph import answers, lists, refusals
from seatkeeper.sandbox.graph.request import Answer, Request, permitted
from seatkeeper.sandbox.graph.rows import shown
from seatkeeper.sandbox.world.catalog import shapes
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.directory import RESTORABLE
from seatkeeper.sandbox.world.people import DAY, Person
from seatkeeper.sandbox.world.tenant import Tenant

GHOST_AGE: Final = 8 * DAY  # the account that was deleted before our time went so long before the first day

_FILTERS: Final = {
    "id": ("eq", "in"),
    "deletedDateTime": ("eq", "ge", "le"),
    "displayName": ("eq", "startsWith"),
    "userPrincipalName": ("eq", "startsWith", "endsWith"),
    "mail": ("eq", "startsWith"),
}


def deleted(tenant: Tenant, now: int) -> Iterator[tuple[Person, int]]:
    """Who was deleted in the last 30 days and when; with the id before the name, as the directory renames them."""
    ghost = tenant.directory.ghost
    ghost_left = tenant.directory.start - GHOST_AGE
    gone = [(ghost, ghost_left)] if now - ghost_left <= RESTORABLE else []
    for person, at in (*gone, *tenant.directory.deleted(now)):
        yield replace(person, upn=person.id.replace("-", "") + person.upn), at


def deleted_users(tenant: Tenant, request: Request) -> Answer:
    """A page of them. Sorting is by deletedDateTime and an advanced query, as Microsoft documents it."""
    permitted(request, "/users/delta")
    request.query.only("select", "top", "filter", "orderby", "count", "skiptoken", "format")
    if request.query.get("orderby") is not None and not request.advanced:
        raise refusals.needs_consistency("orderby")
    kinds = shapes()["user_properties"]
    properties = tuple(name for name in kinds if kinds[name] in {"value", "list"})
    listing = lists.Listing(
        "directory/deletedItems/microsoft.graph.user", "user", properties, page=100, most=999,
        sortable=("deletedDateTime",), filters=_FILTERS, default=(*answers.DEFAULT_USER, "deletedDateTime"),
    )  # fmt: skip
    rows = [
        answers.user(shown(tenant, person), properties) | {"deletedDateTime": iso(at)}
        for person, at in deleted(tenant, request.now)
    ]
    return lists.serve(tenant, request, listing, rows)
