"""The usage report with one line a person: a redirect to a short-lived address, which gives a CSV file.

Microsoft conceals names in these reports unless an administrator switched that off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Final

from seatkeeper.sandbox.graph import answers, refusals
from seatkeeper.sandbox.graph.deleted_users import deleted
from seatkeeper.sandbox.graph.queries import PageTokens, Query
from seatkeeper.sandbox.graph.request import Answer, Request, permitted
from seatkeeper.sandbox.login import clouds
from seatkeeper.sandbox.world import office_use
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.concealed import conceal
from seatkeeper.sandbox.world.copilot_use import refreshed
from seatkeeper.sandbox.world.people import Person
from seatkeeper.sandbox.world.tenant import Tenant

DOWNLOAD: Final = "/data/v1.0/download"
LIFE: Final = 300  # seconds the address of a report is good
ROWS: Final = 100_000  # lines of one report at most

_SERVICES: Final = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams")
_COLUMNS: Final = (
    "Report Refresh Date", "User Principal Name", "Display Name", "Is Deleted", "Deleted Date",
    *(f"Has {name} License" for name in _SERVICES), *(f"{name} Last Activity Date" for name in _SERVICES),
    *(f"{name} License Assign Date" for name in _SERVICES), "Assigned Products",
)  # fmt: skip
_ARGUMENTS: Final = re.compile(r"(period)='(D7|D30|D90|D180)'|(date)=(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_NO_QUERY: Final = Query({}, "")


def report_settings(tenant: Tenant, request: Request) -> Answer:
    """GET /admin/reportSettings: whether reports conceal names. National clouds do not have it."""
    host = request.root.removeprefix("https://").partition("/")[0]
    if host in {cloud.graph for cloud in clouds.CLOUDS[1:]}:
        raise refusals.no_segment("reportSettings")
    permitted(request, "/admin/reportsettings")
    shape = {
        "@odata.context": f"{request.root}/$metadata#admin/reportSettings/$entity",
        "id": "reportSettings",
        "displayConcealedNames": tenant.concealed or tenant.conceal_reports,
    }
    return Answer(answers.encode(shape))


def active_user_detail(tenant: Tenant, request: Request, arguments: str) -> Answer:
    """GET /reports/getOffice365ActiveUserDetail(period='D7'): 302 to the file."""
    if not request.may("/reports/getoffice365activeuserdetail"):
        raise refusals.Refusal(403, "S2SUnauthorized", "Invalid permission.")
    found = _ARGUMENTS.fullmatch(arguments.strip())
    if not found:
        raise refusals.bad_request(f"Invalid parameter '{refusals.shown(arguments)}': period is D7, D30, D90 or D180.")
    token = PageTokens(tenant).make("report", _NO_QUERY, request.now, [found.group(2) or found.group(4)])
    origin = request.root.rpartition("/")[0]
    headers = {"Location": f"{origin}{DOWNLOAD}?token={token}", "Content-Type": "text/plain"}
    return Answer(b"", 1, 302, headers)


def download(tenant: Tenant, query: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The file. The address itself is the permission: no token is asked for, so a client must not send one."""
    found = re.fullmatch(r"token=([\w-]{1,500})", query.decode("latin-1"))
    now = tenant.tick()
    known = PageTokens(tenant).read("report", _NO_QUERY, found.group(1)) if found else None
    if known is None or now - known[0] > LIFE:
        return 403, [(b"content-type", b"text/plain")], b"The address is not valid any more."
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_lines(tenant, now))
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", b'attachment; filename="Office365ActiveUserDetail.csv"'),
    ]
    return 200, headers, b"\xef\xbb\xbf" + text.getvalue().encode()


def _lines(tenant: Tenant, now: int) -> Iterator[list[str]]:
    directory = tenant.directory
    used = {use.person.number: use.days for use in office_use.uses(tenant, now)}
    for place in range(min(directory.total, ROWS)):
        person = directory.at(place, now)
        if person is not None:
            yield _line(tenant, person, now, None, used.get(person.number, {}))
    for person, at in deleted(tenant, now):
        yield _line(tenant, person, now, at, used.get(person.number, {}))


def _line(tenant: Tenant, person: Person, now: int, gone: int | None, used: Mapping[str, int]) -> list[str]:
    hidden = tenant.conceal_reports or tenant.concealed
    shown = conceal(person) if hidden else person
    plans = {plan.name: held.since for held in person.holdings for plan in held.enabled_plans()}
    since = [next((plans[name] for name in plans if mark in name), None) for mark in _MARKS]
    days = [_date(used.get("Viva Engage" if service == "Yammer" else service)) for service in _SERVICES]
    return [
        _date(refreshed(tenant, now)), shown.upn, shown.display, str(gone is not None), _date(gone),
        *(str(held is not None) for held in since), *days, *(_date(held) for held in since),
        "+".join(held.sku.part_number for held in person.holdings),
    ]  # fmt: skip


_MARKS: Final = ("EXCHANGE", "SHAREPOINT", "SHAREPOINT", "MCO", "YAMMER", "TEAMS")  # in the names of plans


def _date(seconds: int | None) -> str:
    return "" if seconds is None else iso(seconds)[:10]
