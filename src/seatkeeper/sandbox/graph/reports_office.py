"""Reports of who uses Office 365, as beta gives them: by workload, by app and platform, and what was activated."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.sandbox.graph import lists, refusals
from seatkeeper.sandbox.graph.reports_beta import PAGE, asked_period
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.sandbox.world import activations as software
from seatkeeper.sandbox.world import mailboxes as boxes
from seatkeeper.sandbox.world import office_use
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.concealed import conceal
from seatkeeper.sandbox.world.copilot_use import refreshed
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Tenant

# What Microsoft calls each workload in this report, with a mark in the names of the plans that bring it.
_WORKLOADS: Final = {
    "Exchange": ("exchange", "EXCHANGE"),
    "OneDrive": ("oneDrive", "SHAREPOINT"),
    "SharePoint": ("sharePoint", "SHAREPOINT"),
    "Skype for Business": ("skypeForBusiness", "MCO"),
    "Viva Engage": ("yammer", "YAMMER"),
    "Teams": ("teams", "TEAMS"),
}
_NAMES: Final = tuple(name for name, _mark in _WORKLOADS.values())
_ACTIVE: Final = (
    "reportRefreshDate", "userPrincipalName", "displayName", "isDeleted", "deletedDate",
    *(f"has{name[0].upper()}{name[1:]}License" for name in _NAMES), *(f"{name}LastActivityDate" for name in _NAMES),
    *(f"{name}LicenseAssignDate" for name in _NAMES), "assignedProducts",
)  # fmt: skip
_APPS: Final = ("reportRefreshDate", "userPrincipalName", "lastActivationDate", "lastActivityDate", "details")
_MAILBOX: Final = (
    "reportRefreshDate", "userPrincipalName", "displayName", "isDeleted", "recipientType", "storageUsedInBytes",
    "hasArchive",
)  # fmt: skip
_PROGRAMS: Final = ("outlook", "word", "excel", "powerPoint", "oneNote", "teams")


def active_users(tenant: Tenant, request: Request, arguments: str) -> Answer:
    """GET /reports/getOffice365ActiveUserDetail(period='D180')?$format=application/json."""
    _check(request, "/reports/getoffice365activeuserdetail", arguments)
    rows = [active_row(tenant, use, request.now) for use in office_use.uses(tenant, request.now)]
    listing = lists.Listing("Collection(microsoft.graph.office365ActiveUserDetail)", "report", _ACTIVE, PAGE, 999)
    return lists.serve(tenant, request, listing, rows)


def apps_used(tenant: Tenant, request: Request, arguments: str) -> Answer:
    """GET /reports/getM365AppUserDetail(period='D180')?$format=application/json: without those who are gone."""
    period = _check(request, "/reports/getm365appuserdetail", arguments)
    there = (use for use in office_use.uses(tenant, request.now) if use.gone is None)
    rows = [apps_row(tenant, use, request.now, period) for use in there]
    listing = lists.Listing("Collection(microsoft.graph.m365AppUserDetail)", "report", _APPS, PAGE, 999)
    return lists.serve(tenant, request, listing, rows)


def activations(tenant: Tenant, request: Request) -> Answer:
    """GET /reports/getOffice365ActivationsUserDetail?$format=application/json: it has no period."""
    if not request.may("/reports/getoffice365activationsuserdetail"):
        raise refusals.Refusal(403, "S2SUnauthorized", "Invalid permission.")
    request.query.only("format", "top", "skiptoken")
    if request.query.get("format") != "application/json":
        raise refusals.bad_request("Only $format=application/json is served here.")
    rows = [activation_row(tenant, each, request.now) for each in software.activated(tenant, request.now)]
    columns = ("reportRefreshDate", "userPrincipalName", "displayName", "userActivationCounts")
    listing = lists.Listing("Collection(microsoft.graph.office365ActivationsUserDetail)", "report", columns, PAGE, 999)
    return lists.serve(tenant, request, listing, rows)


def activation_row(tenant: Tenant, each: software.Activated, now: int) -> dict[str, Any]:
    """A row as Microsoft writes it: a list of the kinds of software, each with its devices."""
    shown = conceal(each.person) if tenant.conceal_reports or tenant.concealed else each.person
    counts = [
        {"productType": software.SOFTWARE[plan][0], "lastActivatedDate": _date(day), "windows": 1, "mac": 0,
         "windows10Mobile": 0, "ios": 0, "android": 0, "activatedOnSharedComputer": False}
        for plan, day in each.days.items()
    ]  # fmt: skip
    counts += [
        {"productType": software.SOFTWARE[plan][0], "lastActivatedDate": None, "windows": 0, "mac": 0,
         "windows10Mobile": 0, "ios": 0, "android": 0, "activatedOnSharedComputer": False}
        for plan in each.nowhere
    ]  # fmt: skip
    return {
        "reportRefreshDate": _date(refreshed(tenant, now)),
        "userPrincipalName": shown.upn,
        "displayName": shown.display,
        "userActivationCounts": counts,
    }


def mailboxes(tenant: Tenant, request: Request, arguments: str) -> Answer:
    """GET /reports/getMailboxUsageDetail(period='D180')?$format=application/json: also those of rooms."""
    _check(request, "/reports/getmailboxusagedetail", arguments)
    rows = [mailbox_row(tenant, each, request.now) for each in boxes.mailboxes(tenant, request.now)]
    listing = lists.Listing("Collection(microsoft.graph.mailboxUsageDetail)", "report", _MAILBOX, PAGE, 999)
    return lists.serve(tenant, request, listing, rows)


def mailbox_row(tenant: Tenant, each: boxes.Mailbox, now: int) -> dict[str, Any]:
    """A row as Microsoft writes it."""
    shown = conceal(each.person) if tenant.conceal_reports or tenant.concealed else each.person
    return {
        "reportRefreshDate": _date(refreshed(tenant, now)),
        "userPrincipalName": shown.upn,
        "displayName": shown.display,
        "isDeleted": False,
        "recipientType": each.kind,
        "storageUsedInBytes": each.size,
        "hasArchive": each.archive,
    }


def _check(request: Request, function: str, arguments: str) -> int:
    """The period in days."""
    asked = asked_period(request, function, arguments)
    if asked == "ALL":  # which only Copilot's report knows
        raise refusals.bad_request(f"Invalid parameter '{refusals.shown(arguments)}': period is D7, D30, D90 or D180.")
    return int(asked[1:])


def active_row(tenant: Tenant, use: office_use.Use, now: int) -> dict[str, Any]:
    """A row as Microsoft writes it: days as text, nothing as null."""
    shown = conceal(use.person) if tenant.conceal_reports or tenant.concealed else use.person
    plans = {plan.name: held.since for held in use.person.holdings for plan in held.enabled_plans()}
    row: dict[str, Any] = {
        "reportRefreshDate": _date(refreshed(tenant, now)),
        "userPrincipalName": shown.upn,
        "displayName": shown.display,
        "isDeleted": use.gone is not None,
        "deletedDate": _date(use.gone),
    }
    since = {name: next((plans[p] for p in plans if mark in p), None) for name, mark in _WORKLOADS.values()}
    row |= {f"has{name[0].upper()}{name[1:]}License": held is not None for name, held in since.items()}
    row |= {f"{name}LastActivityDate": _date(use.days.get(title)) for title, (name, _mark) in _WORKLOADS.items()}
    row |= {f"{name}LicenseAssignDate": _date(held) for name, held in since.items()}
    return row | {"assignedProducts": [held.sku.part_number for held in use.person.holdings]}


def apps_row(tenant: Tenant, use: office_use.Use, now: int, period: int) -> dict[str, Any]:
    """A row of the other report: one day for all apps, and what they were used on at least once in the period."""
    shown = conceal(use.person) if tenant.conceal_reports or tenant.concealed else use.person
    last = use.days.get(office_use.APPS)
    used = last is not None and last > refreshed(tenant, now) - period * DAY
    details: dict[str, Any] = {"reportPeriod": period}
    details |= {where: used and where in use.platforms for where in office_use.PLATFORMS}
    details |= {program: used and program in {"outlook", "word"} for program in _PROGRAMS}
    for where in office_use.PLATFORMS:
        details |= {f"{p}{where.capitalize()}": details[p] and details[where] for p in _PROGRAMS}
    return {
        "reportRefreshDate": _date(refreshed(tenant, now)),
        "userPrincipalName": shown.upn,
        "lastActivationDate": _date(last),
        "lastActivityDate": _date(last),
        "details": [details],
    }


def _date(seconds: int | None) -> str | None:
    return None if seconds is None else iso(seconds)[:10]
