"""Which page of Graph answers an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from seatkeeper.sandbox import (
    audit_pages,
    beta_pages,
    clouds,
    deleted_pages,
    delta_pages,
    license_pages,
    log_pages,
    other_pages,
    refusals,
    reports,
    user_pages,
)
from seatkeeper.sandbox.request import Answer, Request
from seatkeeper.sandbox.tenant import Tenant

Handler = Callable[[Tenant, Request], Answer]
KeyHandler = Callable[[Tenant, Request, str], Answer]

_EXACT: Final[dict[str, Handler]] = {
    "/users": user_pages.list_users,
    "/users/$count": user_pages.count_users,
    "/users/delta": delta_pages.delta,
    "/users/microsoft.graph.delta()": delta_pages.delta,
    "/users/delta()": delta_pages.delta,
    "/auditlogs/signins": log_pages.list_sign_ins,
    "/auditlogs/directoryaudits": audit_pages.list_audits,
    "/subscribedskus": other_pages.subscribed_skus,
    "/organization": other_pages.organization,
    "/directory/subscriptions": license_pages.subscriptions,
    "/directory/deleteditems/microsoft.graph.user": deleted_pages.deleted_users,
    "/admin/reportsettings": other_pages.report_settings,
}
_KEYED: Final[tuple[tuple[re.Pattern[str], KeyHandler], ...]] = (
    (re.compile(r"/users/([^/]+)", re.IGNORECASE), user_pages.one_user),
    (re.compile(r"/users\('([^/]+)'\)", re.IGNORECASE), user_pages.one_user),
    (re.compile(r"/users/([^/]+)/licensedetails", re.IGNORECASE), license_pages.license_details),
    (re.compile(r"/auditlogs/signins/([^/]+)", re.IGNORECASE), log_pages.one_sign_in),
    (re.compile(r"/auditlogs/directoryaudits/([^/]+)", re.IGNORECASE), audit_pages.one_audit),
    (re.compile(r"/reports/getoffice365activeuserdetail\((.*)\)", re.IGNORECASE), reports.active_user_detail),
)
_BETA: Final[dict[str, Handler]] = {"/auditlogs/signins": beta_pages.list_sign_ins}  # all that is served of beta


def route(tenant: Tenant, request: Request) -> Answer:
    """The answer of the page an address belongs to, or the refusal of one that is none."""
    path = request.path.rstrip("/")
    clouds.absent(request)
    exact = (_BETA if request.beta else _EXACT).get(path.lower())
    if exact:
        return exact(tenant, request)
    for pattern, handler in () if request.beta else _KEYED:
        found = pattern.fullmatch(path)
        if found:
            return handler(tenant, request, found.group(1))
    raise refusals.no_segment(request.path.strip("/").partition("/")[0])
