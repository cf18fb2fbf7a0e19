"""GET /auditLogs/directoryAudits: what happened to accounts, from the same changes that delta tells of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seatkeeper.sandbox.graph import answers, lists, refusals
from seatkeeper.sandbox.graph.request import Answer, Request, permitted
from seatkeeper.sandbox.graph.rows import shown
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.people import DAY, DOMAIN, Person
from seatkeeper.sandbox.world.tenant import Tenant

PAGE: Final = 1000  # most; the default is 100
KEPT, KEPT_FREE = 30 * DAY, 7 * DAY
SEEN: Final = 1000  # accounts whose history before the tenant's first day is told

# What the log calls each kind of change, and its operation type; any other kind is an update.
_NAMES: Final = {
    "join": ("Add user", "Add"),
    "leave": ("Delete user", "Delete"),
    "return": ("Restore user", "Update"),
    "gain": ("Change user license", "Update"),
    "lose": ("Change user license", "Update"),
    "swap": ("Change user license", "Update"),
    "block": ("Update user", "Update"),
}
_PROPERTIES: Final = (
    "id", "category", "correlationId", "result", "resultReason", "activityDisplayName", "activityDateTime",
    "loggedByService", "operationType", "initiatedBy", "targetResources", "additionalDetails",
)  # fmt: skip
_LISTING: Final = lists.Listing(
    "auditLogs/directoryAudits", "directoryAudit", _PROPERTIES, page=100, most=PAGE, sortable=("activityDateTime",),
    filters={
        "activityDateTime": ("eq", "ge", "le"),
        "activityDisplayName": ("eq", "startsWith"),
        "category": ("eq",),
        "correlationId": ("eq",),
        "loggedByService": ("eq",),
        "result": ("eq",),
        "initiatedBy/user/id": ("eq",),
        "initiatedBy/user/displayName": ("eq",),
        "initiatedBy/user/userPrincipalName": ("eq", "startsWith"),
        "initiatedBy/app/appId": ("eq",),
        "initiatedBy/app/displayName": ("eq",),
        "targetResources/id": ("eq",),
        "targetResources/displayName": ("eq", "startsWith"),
    },
    token_life=600,
)  # fmt: skip


def list_audits(tenant: Tenant, request: Request) -> Answer:
    """A page of audit records, newest first."""
    permitted(request, "/auditlogs/directoryaudits")
    if request.query.get("skip") is not None:
        raise refusals.bad_request("Query option 'Skip' is not allowed.")
    request.query.only("filter", "top", "orderby", "select", "skiptoken", "format")
    return lists.serve(tenant, request, _LISTING, audits(tenant, request.now))


def one_audit(tenant: Tenant, request: Request, id_: str) -> Answer:
    """One audit record by its id."""
    permitted(request, "/auditlogs/directoryaudits")
    request.query.only("select")
    names = lists.select(request, _PROPERTIES, "directoryAudit") or list(_PROPERTIES)
    for row in audits(tenant, request.now):
        if row["id"] == id_:
            head = {"@odata.context": f"{request.root}/$metadata#auditLogs/directoryAudits/$entity"}
            return Answer(answers.encode(head | {name: row[name] for name in names}))
    raise refusals.not_found(id_)


def audits(tenant: Tenant, now: int) -> list[dict[str, Any]]:
    """Everything the log still keeps, newest first."""
    oldest = now - (KEPT if tenant.premium else KEPT_FREE)
    facts = sorted((fact for fact in _facts(tenant) if oldest <= fact[0] <= now), key=lambda f: (-f[0], f[2].id))
    return [_row(tenant, at, kind, person) for at, kind, person in facts]


def _facts(tenant: Tenant) -> Iterator[tuple[int, str, Person]]:
    """When, what and to whom: from the accounts' dates before the first day, then from the changes."""
    directory = tenant.directory
    for number in range(min(SEEN, directory.people)):
        person = directory.original(number)
        if person.created is not None:
            yield person.created, "join", person
        for held in person.holdings:
            yield held.since, "gain", person
    for change in directory.log[: directory.happened]:
        person_then = change.after or directory.at(change.number, change.at - 1)
        yield change.at, change.kind, person_then or directory.original(change.number)


def _row(tenant: Tenant, at: int, kind: str, person: Person) -> dict[str, Any]:
    seen = shown(tenant, person)
    activity, operation = _NAMES.get(kind, ("Update user", "Update"))
    seed = tenant.settings.seed
    admin = {
        "id": object_guid(seed, "administrator"), "displayName": None, "userPrincipalName": f"admin@{DOMAIN}",
        "ipAddress": "203.0.113.10",
    }  # fmt: skip
    modified = []
    if activity == "Change user license":
        names = ", ".join(f"[SkuName={held.sku.part_number}, SkuId={held.sku.id}]" for held in person.holdings)
        modified = [{"displayName": "AssignedLicense", "oldValue": None, "newValue": f"[{names}]"}]
    elif kind == "block":
        modified = [{"displayName": "AccountEnabled", "oldValue": None, "newValue": f"[{str(person.enabled).lower()}]"}]
    target = {
        "id": person.id, "displayName": seen.display, "type": "User", "userPrincipalName": seen.upn,
        "modifiedProperties": modified,
    }  # fmt: skip
    return {
        "id": f"Directory_{object_guid(seed, 'audit', at, kind, person.id)}",
        "category": "UserManagement",
        "correlationId": object_guid(seed, "audited", at, kind, person.id),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": activity,
        "activityDateTime": iso(at),
        "loggedByService": "Core Directory",
        "operationType": operation,
        "initiatedBy": {"app": None, "user": admin},
        "targetResources": [target],
        "additionalDetails": [],
    }
