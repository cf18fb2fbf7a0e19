"""/security/auditLog/queries: a search is posted, takes minutes of the tenant's clock, and is then read by pages."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seatkeeper.sandbox.graph import answers, lists, refusals
from seatkeeper.sandbox.graph.request import Answer, Request, permitted
from seatkeeper.sandbox.world.audited import Act, acts
from seatkeeper.sandbox.world.clock import instant, iso
from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.seen import stamp
from seatkeeper.sandbox.world.tenant import Search, Tenant

PATH: Final = "/security/auditlog/queries"
QUEUED: Final = 60  # seconds in which a search has not been started
MOST: Final = 50  # searches that are not finished
PAGE: Final = 150
# Of the types of records (auditLogRecordType) those that show the use of products, and a few more.
TYPES: Final = frozenset({
    "exchangeadmin", "sharepoint", "azureactivedirectory", "powerbiaudit", "crm", "yammer", "microsoftteams",
    "microsoftflow", "project", "projectforthewebproject", "projectforthewebtask", "projectforthewebroadmap",
    "projectforthewebroadmapitem", "projectforthewebprojectsettings",
})  # fmt: skip
_PROPERTIES: Final = (
    "id", "createdDateTime", "auditLogRecordType", "operation", "organizationId", "userType", "userId", "service",
    "objectId", "userPrincipalName", "clientIp", "administrativeUnits", "auditData",
)  # fmt: skip
_CONTEXT: Final = "security/auditLog/queries"


class _Asked(msgspec.Struct, rename="camel"):
    filter_start_date_time: str
    filter_end_date_time: str
    record_type_filters: list[str] = []


def start(tenant: Tenant, request: Request, body: bytes) -> Answer:
    """POST: 201 with the search that is now under way."""
    _check(tenant, request)
    try:
        asked = msgspec.json.decode(body, type=_Asked)
        span = int(instant(asked.filter_start_date_time)), int(instant(asked.filter_end_date_time))
    except (ValueError, msgspec.MsgspecError) as error:
        raise refusals.bad_request("Unable to read JSON request payload.") from error
    if unknown := [kind for kind in asked.record_type_filters if kind.lower() not in TYPES]:
        raise refusals.bad_request(f"Requested value '{refusals.shown(unknown[0])}' was not found.")
    if sum(_status(tenant, one, request.now) in {"notStarted", "running"} for one in tenant.searches.values()) >= MOST:
        raise refusals.throttled(60, object_guid(tenant.settings.seed, "searches", request.now))
    id_ = object_guid(tenant.settings.seed, "search", len(tenant.searches))
    tenant.searches[id_] = Search(request.now, tuple(asked.record_type_filters), span)
    return Answer(answers.encode(_shape(tenant, request, id_)), status=201)


def one_search(tenant: Tenant, request: Request, id_: str) -> Answer:
    """GET: how far it is."""
    _check(tenant, request)
    _find(tenant, id_)
    return Answer(answers.encode(_shape(tenant, request, id_)))


def records(tenant: Tenant, request: Request, id_: str) -> Answer:
    """GET: what was found, in no order that would tell anything."""
    _check(tenant, request)
    search = _find(tenant, id_)
    if _status(tenant, search, request.now) != "succeeded":
        raise refusals.bad_request("The query is not ready.")
    done = search.asked_at + tenant.search_seconds
    found = sorted(acts(tenant, search.types, search.span, min(done, request.now)), key=lambda act: act.id)
    if tenant.search_fault == "limited":
        found = found[::2]
    listing = lists.Listing(f"{_CONTEXT}('{id_}')/records", "auditLogRecord", _PROPERTIES, PAGE, 999)
    return lists.serve(tenant, request, listing, [record_of(tenant, act) for act in found])


def record_of(tenant: Tenant, act: Act) -> dict[str, Any]:
    """A record as Microsoft writes it."""
    name = act.person.upn if act.person else "app@sharepoint"
    return {
        "id": act.id,
        "createdDateTime": stamp(act.at),
        "auditLogRecordType": act.type,
        "operation": act.operation,
        "organizationId": tenant.tenant_id,
        "userType": act.user_type,
        "userId": name,
        "service": {"powerBIAudit": "PowerBI", "crm": "CRM"}.get(act.type, "Project"),
        "objectId": None,
        "userPrincipalName": name,
        "clientIp": "203.0.113.7",
        "administrativeUnits": [""],
        "auditData": {"@odata.type": "microsoft.graph.security.defaultAuditData", "UserId": name},
    }


def _check(tenant: Tenant, request: Request) -> None:
    if tenant.search_fault == "off":
        raise refusals.Refusal(403, "Forbidden", "Auditing is not enabled for this organization.")
    permitted(request, PATH)


def _find(tenant: Tenant, id_: str) -> Search:
    search = tenant.searches.get(id_)
    if search is None or tenant.search_fault == "gone":
        raise refusals.Refusal(404, "NotFound", f"Audit log query '{refusals.shown(id_)}' was not found.")
    return search


def _status(tenant: Tenant, search: Search, now: int) -> str:
    if tenant.search_fault in {"failed", "cancelled"}:
        return tenant.search_fault
    age = now - search.asked_at
    if age >= tenant.search_seconds and tenant.search_fault != "stuck":
        return "succeeded"
    return "notStarted" if age < QUEUED else "running"


def _shape(tenant: Tenant, request: Request, id_: str) -> dict[str, Any]:
    search = tenant.searches[id_]
    return {
        "@odata.context": f"{request.root}/$metadata#{_CONTEXT}/$entity",
        "id": id_,
        "displayName": "Seatkeeper",
        "filterStartDateTime": f"{iso(search.span[0])[:-1]}Z",
        "filterEndDateTime": f"{iso(search.span[1])[:-1]}Z",
        "recordTypeFilters": search.types,
        "status": _status(tenant, search, request.now),
        "isRecordCountLimitExceeded": tenant.search_fault == "limited",
    }
