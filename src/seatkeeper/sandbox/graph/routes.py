"""Maps an address to the endpoint that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from seatkeeper.sandbox.graph import (
    audit_queries,
    deleted_users,
    directory_audits,
    groups,
    license_details,
    organization,
    refusals,
    reports,
    reports_beta,
    reports_office,
    sign_ins,
    sign_ins_beta,
    subscriptions,
    users,
    users_delta,
)
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.sandbox.world.tenant import Tenant

Handler = Callable[[Tenant, Request], Answer]
KeyHandler = Callable[[Tenant, Request, str], Answer]

_EXACT: Final[dict[str, Handler]] = {
    "/users": users.list_users,
    "/users/$count": users.count_users,
    "/users/delta": users_delta.delta,
    "/users/microsoft.graph.delta()": users_delta.delta,
    "/users/delta()": users_delta.delta,
    "/auditlogs/signins": sign_ins.list_sign_ins,
    "/auditlogs/directoryaudits": directory_audits.list_audits,
    "/groups": groups.list_groups,
    "/subscribedskus": subscriptions.subscribed_skus,
    "/organization": organization.organization,
    "/directory/subscriptions": subscriptions.company_subscriptions,
    "/directory/deleteditems/microsoft.graph.user": deleted_users.deleted_users,
    "/admin/reportsettings": reports.report_settings,
}
_KEYED: Final[tuple[tuple[re.Pattern[str], KeyHandler], ...]] = (
    (re.compile(r"/users/([^/]+)", re.IGNORECASE), users.one_user),
    (re.compile(r"/users\('([^/]+)'\)", re.IGNORECASE), users.one_user),
    (re.compile(r"/users/([^/]+)/licensedetails", re.IGNORECASE), license_details.license_details),
    (re.compile(r"/groups/([^/]+)", re.IGNORECASE), groups.one_group),
    (re.compile(r"/auditlogs/signins/([^/]+)", re.IGNORECASE), sign_ins.one_sign_in),
    (re.compile(r"/auditlogs/directoryaudits/([^/]+)", re.IGNORECASE), directory_audits.one_audit),
    (re.compile(r"/reports/getoffice365activeuserdetail\((.*)\)", re.IGNORECASE), reports.active_user_detail),
    (re.compile(r"/security/auditlog/queries/([^/]+)", re.IGNORECASE), audit_queries.one_search),
    (re.compile(r"/security/auditlog/queries/([^/]+)/records", re.IGNORECASE), audit_queries.records),
)
# All that is served of beta.
_BETA: Final[dict[str, Handler]] = {
    "/auditlogs/signins": sign_ins_beta.list_sign_ins,
    "/reports/getoffice365activationsuserdetail": reports_office.activations,
}
_BETA_KEYED: Final[tuple[tuple[re.Pattern[str], KeyHandler], ...]] = (
    (re.compile(r"/reports/getoffice365activeuserdetail\((.*)\)", re.IGNORECASE), reports_office.active_users),
    (re.compile(r"/reports/getm365appuserdetail\((.*)\)", re.IGNORECASE), reports_office.apps_used),
    (re.compile(r"/reports/getmailboxusagedetail\((.*)\)", re.IGNORECASE), reports_office.mailboxes),
    (
        re.compile(r"/copilot/reports/getmicrosoft365copilotusageuserdetail\((.*)\)", re.IGNORECASE),
        reports_beta.copilot_usage,
    ),
)


def route(tenant: Tenant, request: Request) -> Answer:
    """The endpoint's answer; an address that belongs to none is refused."""
    path = request.path.rstrip("/")
    exact = (_BETA if request.beta else _EXACT).get(path.lower())
    if exact:
        return exact(tenant, request)
    for pattern, handler in _BETA_KEYED if request.beta else _KEYED:
        found = pattern.fullmatch(path)
        if found:
            return handler(tenant, request, found.group(1))
    raise refusals.no_segment(request.path.strip("/").partition("/")[0])
