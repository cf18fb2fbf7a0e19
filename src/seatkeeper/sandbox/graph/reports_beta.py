"""Reports of use as beta gives them: JSON, page by page, on the same host. That of Microsoft 365 Copilot is here."""

from __future__ import annotations

import re
from typing import Any, Final

from seatkeeper.sandbox.graph import lists, refusals
from seatkeeper.sandbox.graph.request import Answer, Request
from seatkeeper.sandbox.world import copilot_use
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.concealed import conceal
from seatkeeper.sandbox.world.tenant import Tenant

PAGE: Final = 200
_PERIOD: Final = re.compile(r"period='(D7|D30|D90|D180|ALL)'", re.IGNORECASE)
_NAMES: Final = dict(zip(copilot_use.APPS, (
    "microsoftTeamsCopilotLastActivityDate", "wordCopilotLastActivityDate", "excelCopilotLastActivityDate",
    "powerPointCopilotLastActivityDate", "outlookCopilotLastActivityDate", "oneNoteCopilotLastActivityDate",
    "loopCopilotLastActivityDate", "copilotChatLastActivityDate",
), strict=True))  # fmt: skip
_COLUMNS: Final = ("reportRefreshDate", "userPrincipalName", "displayName", "lastActivityDate", *_NAMES.values(),
                   "copilotActivityUserDetailsByPeriod")  # fmt: skip
_CONTEXT: Final = "copilot/reports/getMicrosoft365CopilotUsageUserDetail"


def copilot_usage(tenant: Tenant, request: Request, arguments: str) -> Answer:
    """GET /copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')?$format=application/json."""
    asked = asked_period(request, "/copilot/reports/getmicrosoft365copilotusageuserdetail", arguments)
    period = 0 if asked == "ALL" else int(asked[1:])
    rows = [row_of(tenant, use, request.now, period) for use in copilot_use.uses(tenant, request.now)]
    return lists.serve(tenant, request, lists.Listing(_CONTEXT, "report", _COLUMNS, page=PAGE, most=999), rows)


def asked_period(request: Request, function: str, arguments: str) -> str:
    """For how long a report is asked; a refusal for whoever may not, or asks for something else."""
    if not request.may(function):
        raise refusals.Refusal(403, "S2SUnauthorized", "Invalid permission.")
    request.query.only("format", "top", "skiptoken")
    found = _PERIOD.fullmatch(arguments.strip())
    if not found:
        raise refusals.bad_request(f"Invalid parameter '{refusals.shown(arguments)}': period is D7, D30, D90 or D180.")
    if request.query.get("format") != "application/json":
        raise refusals.bad_request("Only $format=application/json is served here.")
    return found.group(1).upper()


def row_of(tenant: Tenant, use: copilot_use.Use, now: int, period: int) -> dict[str, Any]:
    """A row as Microsoft writes it: days as text, nothing as empty text."""
    shown = conceal(use.person) if tenant.conceal_reports or tenant.concealed else use.person
    row: dict[str, Any] = {
        "reportRefreshDate": _date(copilot_use.refreshed(tenant, now)),
        "userPrincipalName": shown.upn,
        "displayName": shown.display,
        "lastActivityDate": _date(use.last),
    }
    row |= {name: _date(use.apps.get(app)) for app, name in _NAMES.items()}
    return row | {"copilotActivityUserDetailsByPeriod": [{"reportPeriod": period}]}


def _date(seconds: int | None) -> str:
    return "" if seconds is None else iso(seconds)[:10]
