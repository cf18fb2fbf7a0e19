"""GET /groups and /groups/{id}: what groups are called; who is in them is not served."""

from __future__ import annotations

import re
from typing import Any, Final

from seatkeeper.sandbox.graph import answers, lists, refusals
from seatkeeper.sandbox.graph.filters import BadFilterError, leaves, parse
from seatkeeper.sandbox.graph.request import Answer, Request, cost, permitted
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.groups import Group, there
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Tenant

MOST: Final = 15  # values of `in`
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LISTING: Final = lists.Listing(
    "groups",
    "group",
    (
        "id", "createdDateTime", "deletedDateTime", "description", "displayName", "groupTypes", "mail", "mailEnabled",
        "mailNickname", "securityEnabled", "visibility",
    ),
    page=100,
    most=999,
    filters={"id": ("eq", "in"), "displayName": ("eq", "in", "startsWith"), "securityEnabled": ("eq",)},
)  # fmt: skip


def list_groups(tenant: Tenant, request: Request) -> Answer:
    """A page of them, by ids for instance."""
    permitted(request, "/groups")
    request.query.only("select", "top", "filter", "format", "skiptoken", "count")
    _check_ids(request.query.get("filter"))
    return lists.serve(tenant, request, _LISTING, [_row(tenant, group) for group in there(tenant, request.now)])


def _check_ids(text: str | None) -> None:
    try:
        asked = [leaf for leaf in leaves(parse(text)) if leaf.op in {"eq", "in"}] if text else []
    except BadFilterError:
        return  # refused where the filter is used
    for leaf in asked:
        values = leaf.value if leaf.op == "in" else (leaf.value,)
        if len(values) > MOST:
            raise refusals.too_many_clauses(len(values), MOST)
        for value in values if leaf.path == "id" else ():
            if not _GUID.fullmatch(str(value)):
                raise refusals.bad_identifier(str(value))


def one_group(tenant: Tenant, request: Request, key: str) -> Answer:
    """A single one by its id."""
    permitted(request, "/groups")
    request.query.only("select")
    names = lists.select(request, _LISTING.properties, "group") or list(_LISTING.properties)
    for group in there(tenant, request.now):
        if group.id == key.lower():
            row = _row(tenant, group)
            head = {"@odata.context": f"{request.root}/$metadata#groups/$entity"}
            return Answer(answers.encode(head | {name: row[name] for name in names}), cost(request, 1))
    raise refusals.not_found(key)


def _row(tenant: Tenant, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "createdDateTime": iso(tenant.directory.start - 900 * DAY),
        "deletedDateTime": None,
        "description": None,
        "displayName": group.name,
        "groupTypes": [],
        "mail": None,
        "mailEnabled": False,
        "mailNickname": group.id[:8],
        "securityEnabled": True,
        "visibility": "HiddenMembership" if group.hidden else None,
    }
