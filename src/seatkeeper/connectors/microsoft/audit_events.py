"""Audit Events: what people did in Power BI, Dynamics 365, Project for the web and Viva Engage, by the audit log.

Each record is an act of somebody at a moment, so it confirms use. That there is none proves nothing: auditing may be
off for the tenant or an environment, records come late, and how long they are kept depends on the licence. A search is
asked for, takes minutes or hours, and is then read page by page; it is there in the global cloud only. Fields and
types of records: microsoft-graph-docs, v1.0 security: auditLogQuery, auditLogRecord, auditLogRecordType. That list has
no type for interactions with Copilot and for Business Central, so neither is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from seatkeeper.account_facts import made, viewed
from seatkeeper.clock import days
from seatkeeper.connectors.base import Found, Permission, RecordPage, TaskKind
from seatkeeper.connectors.microsoft.records import to_records
from seatkeeper.connectors.microsoft.usage_rows import check_name
from seatkeeper.connectors.vendor import UsageSignal
from seatkeeper.errors import NotOffered, NotThere, NotUnderstood, PermissionMissing, SearchLost
from seatkeeper.graph.audit_log import SEARCHES, AuditSearch
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import Id, read_one, read_pages, to_row
from seatkeeper.graph.throttle import AUDIT_LOG, POLL
from seatkeeper.model import Instant, LastUse, to_instant, to_text

TASK: Final = TaskKind(
    "audit-events",
    "Audit Events",
    "nobody can say who did what in Power BI, Dynamics 365, Project for the web and Viva Engage",
    Permission("AuditLogsQuery.Read.All", frozenset()),
    optional=True,
    hint="Audit Events searches the audit log for what people did in Power BI, Dynamics 365, Project for the web and "
    "Viva Engage, 180 days back where they are kept. It needs the permission AuditLogsQuery.Read.All, and auditing "
    "that is switched on. Microsoft takes minutes to hours for a search; a run that cannot wait for it goes on later.",
    lateness=days(1),
)
# The products by the types of records that show their use. Those about settings and administration show none.
PRODUCTS: Final[Mapping[str, str]] = {
    "powerBIAudit": "power-bi",
    "crm": "dynamics-365",
    "projectForTheWebProject": "microsoft-project",
    "projectForTheWebTask": "microsoft-project",
    "projectForTheWebRoadmap": "microsoft-project",
    "projectForTheWebRoadmapItem": "microsoft-project",
    "yammer": "office-365",
}
SIGNAL: Final = UsageSignal(
    task=TASK.key,
    heading="Last Audited",
    says="Microsoft's audit log says that the product was used last on {day}.",
    products=frozenset(PRODUCTS.values()),
    of_events=True,
    by_product=True,
    proves="Confirms use at that moment. That there is none proves nothing.",
)
_BY_TYPE: Final = {kind.casefold(): product for kind, product in PRODUCTS.items()}
# What is only a look at what others made, in small letters. Source: learn.microsoft.com, Power BI operation list.
_LOOKS: Final = {
    "power-bi": frozenset({"viewreport", "viewdashboard", "viewtile", "printreport", "printdashboard"}),
}
# People of the tenant; others are systems, applications, and Microsoft's and partners' operators.
_PEOPLE: Final = frozenset({"regular", "admin"})
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,100}", re.ASCII)


class Search(msgspec.Struct, rename="camel"):
    """A search as Microsoft tells of it. One that finds more than it gives out, at least a million records, says so."""

    ONCE: ClassVar = ("id", "status")

    id: str
    status: str | None = None
    is_record_count_limit_exceeded: bool | None = None


class Details(msgspec.Struct):
    """Of the workload's own fields, the name that Dynamics 365 tells beside an id of its own."""

    user_upn: str | None = msgspec.field(name="UserUpn", default=None)


class Record(msgspec.Struct, rename="camel", gc=False):
    """One act; where and on what it was done is not read."""

    ONCE: ClassVar = ("createdDateTime", "auditLogRecordType", "operation", "userType", "userPrincipalName")

    id: Id
    created_date_time: str
    audit_log_record_type: str
    user_type: str | None
    operation: str | None = None
    user_principal_name: str | None = None
    audit_data: Details | None = None


def list_types(products: Collection[str]) -> tuple[str, ...]:
    """The types of records that show the use of any of the products."""
    return tuple(kind for kind, product in PRODUCTS.items() if product in products)


def start(client: Client, types: Sequence[str], begin: Instant, end: Instant) -> str:
    """Let Microsoft search; the id of the search. Raises NotOffered for a tenant without an audit log."""
    try:
        answer = client.start_search(AuditSearch(to_text(begin), to_text(end), types))
    except PermissionMissing as error:  # that the token has it was asked before
        raise NotOffered(
            "Microsoft refuses to search the audit log. Auditing may be switched off in this tenant: in the Microsoft "
            "Purview portal, under Audit, choose “Start recording user and admin activity”. Or no licence of the "
            "tenant includes it: then switch the task off. If the permission AuditLogsQuery.Read.All was given just "
            "now, wait some minutes.",
            detail=error.detail,
        ) from None
    try:
        search = msgspec.json.decode(answer.body, type=Search)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        search = Search("")
    if not _ID.fullmatch(search.id):
        raise NotUnderstood("Microsoft took the search of the audit log and told no id that we understand.")
    return search.id


def look_at(client: Client, search: str) -> Found:
    """How far the search is. Raises SearchLost when it failed, was cancelled or is gone."""
    path = f"{SEARCHES}/{search}"
    try:
        told = read_one(client, path, path=path, row=Search, family=AUDIT_LOG, units=POLL)
    except NotThere as error:
        raise _to_lost(error.detail) from None
    status = (told.status or "").casefold()
    if status in ("failed", "cancelled"):
        raise _to_lost(f"status={status}")
    if status != "succeeded":  # notStarted, running, or one that Microsoft adds later
        return Found(ended=False)
    limit = "Microsoft's search found more records than it gives out: some uses are not known from it."
    return Found(ended=True, note=limit if told.is_record_count_limit_exceeded else "")


def read(client: Client, search: str) -> Iterator[RecordPage[LastUse]]:
    """What was found, page by page. Finishes or raises."""
    path = f"{SEARCHES}/{search}/records"
    try:
        for page in read_pages(client, path, path=path, row=Record, family=AUDIT_LOG, units=1):
            yield to_records(page, to_use)
    except NotThere as error:
        raise _to_lost(error.detail) from None


def read_again(raw: bytes) -> LastUse | None:
    """A record that was set aside. Raises ValueError with the reason."""
    return to_use(to_row(raw, Record))


def to_use(row: Record) -> LastUse | None:
    """None for what no person of the tenant did, and for a type of record that shows no use of a product.

    Raises ValueError for a record that names nobody, or has no moment.
    """
    product = _BY_TYPE.get(row.audit_log_record_type.casefold())
    if product is None or (row.user_type or "").casefold() not in _PEOPLE:
        return None
    name = check_name((row.audit_data and row.audit_data.user_upn) or row.user_principal_name or "")
    moment = to_instant(row.created_date_time)
    return LastUse(name, moment, None, tuple((used, moment) for used in _list_used(row, product)))


def _list_used(row: Record, product: str) -> list[str]:
    """The product, and where looks are told from all else, which of them it was. An unknown operation is no look."""
    if (looks := _LOOKS.get(product)) is None:
        return [product]
    return [product, (viewed if (row.operation or "").casefold() in looks else made)(product)]


def _to_lost(detail: str) -> SearchLost:
    return SearchLost("Microsoft has given up the search of the audit log, or knows it no more.", detail=detail)
