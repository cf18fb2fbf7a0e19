"""Usage Reports: the day on which each person used Office 365 last, and which of its workloads and apps.

Two reports of Microsoft's (usage_rows) tell it together: "active users" has a day for each workload, "apps used" one
for all apps, with the platforms of the whole period. By Microsoft's definition of an active user, Exchange counts who
read or sent mail, and not who received it. Rows: learn.microsoft.com, reportRoot: getOffice365ActiveUserDetail and
getM365AppUserDetail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from seatkeeper.account_facts import Fact, Platform
from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage, TaskKind
from seatkeeper.connectors.microsoft import usage_rows
from seatkeeper.connectors.vendor import UsageSignal
from seatkeeper.errors import ActAtVendor, NotOffered, PermissionMissing
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import to_row
from seatkeeper.model import LastUse

TASK: Final = TaskKind(
    "usage-reports",
    "Usage Reports",
    "nobody can say who used Office 365",
    usage_rows.PERMISSION,
    optional=True,
    hint="Usage Reports reads on which day each person used Exchange, Teams, SharePoint, OneDrive, Viva Engage and the "
    "apps last. It needs the permission Reports.Read.All, and reports that do not conceal names. The reports are about "
    "two to three days late, and some clouds give out only one of them.",
    lateness=days(3),
)
SIGNAL: Final = UsageSignal(
    task=TASK.key,
    heading="Last Office Use",
    says="Microsoft's reports say that Office 365 was used last on {day}.",
    products=frozenset({"office-365"}),
)
APPS: Final = "Microsoft 365 Apps"  # any of them, on any platform
PAGE: Final = 999  # rows; without asking they are 200


class ActiveUser(msgspec.Struct, rename="camel", gc=False):
    """A person of "active users"; a day is "2026-07-29", or nothing for none. China has no Viva Engage and no Teams.

    The days of three workloads must be there, be it as nothing: under another name they would silently say nothing.
    """

    ONCE: ClassVar = ("userPrincipalName", "reportRefreshDate", "isDeleted", "exchangeLastActivityDate")

    user_principal_name: str
    report_refresh_date: str
    exchange_last_activity_date: str | None
    one_drive_last_activity_date: str | None
    share_point_last_activity_date: str | None
    skype_for_business_last_activity_date: str | None = None
    yammer_last_activity_date: str | None = None
    teams_last_activity_date: str | None = None
    is_deleted: bool | None = None


class Platforms(msgspec.Struct, gc=False):
    """On what somebody used the apps at least once in the period."""

    windows: bool | None = None
    mac: bool | None = None
    mobile: bool | None = None
    web: bool | None = None


class AppUser(msgspec.Struct, rename="camel", gc=False):
    """A person of "apps used". That software was activated is no use of it, so that date is not read."""

    ONCE: ClassVar = ("userPrincipalName", "reportRefreshDate", "lastActivityDate", "details")

    user_principal_name: str
    report_refresh_date: str
    last_activity_date: str | None
    details: list[Platforms]


def to_active(row: ActiveUser) -> LastUse | None:
    """None for no day of use, and for a deleted account: its name may be another's by now."""
    if row.is_deleted:
        return None
    parts = (
        ("Exchange", row.exchange_last_activity_date),
        ("OneDrive", row.one_drive_last_activity_date),
        ("SharePoint", row.share_point_last_activity_date),
        ("Skype for Business", row.skype_for_business_last_activity_date),
        ("Viva Engage", row.yammer_last_activity_date),
        ("Teams", row.teams_last_activity_date),
    )
    return usage_rows.to_last_use(row, parts)


def to_app_use(row: AppUser) -> LastUse | None:
    """None for no day of use. The day is a platform's own only where the whole period knows no other platform.

    All platforms of the period are a fact, where the row says of each whether it was one.
    """
    known = {"Windows": "windows", "Mac": "mac", "mobile devices": "mobile", "the web": "web"}
    used = [title for title, name in known.items() if any(getattr(period, name) for period in row.details)]
    platform = [f"Apps on {used[0]}"] if len(used) == 1 else []
    parts = [(part, row.last_activity_date) for part in (APPS, *platform)]
    facts = _list_platforms(row.details) if row.last_activity_date else ()
    return usage_rows.to_last_use(row, parts, facts=facts)


def _list_platforms(details: list[Platforms]) -> usage_rows.Facts:
    told = [[getattr(period, each) for period in details] for each in Platform]
    if not details or any(None in some for some in told):
        return ()
    used = [each.value for each, some in zip(Platform, told, strict=True) if any(some)]
    return ((Fact.PLATFORMS.value, ",".join(used)),)


class Report(NamedTuple):
    """One of the reports: what it is called at Microsoft, how it is asked, and how its rows are read."""

    title: str
    function: str
    row: type[Any]
    convert: Callable[[Any], LastUse | None]

    @property
    def question(self) -> str:
        # Asked for the longest period: another has the same columns, and looks back less.
        return f"/beta/reports/{self.function}(period='D180')?$format=application/json&$top={PAGE}"


REPORTS: Final = (
    Report("“Active users”", "getOffice365ActiveUserDetail", ActiveUser, to_active),
    Report("“Microsoft 365 Apps usage”", "getM365AppUserDetail", AppUser, to_app_use),
)


def read(client: Client) -> Iterator[RecordPage[LastUse]]:
    """Everybody with a day of use, report by report. What Microsoft does not give out is noted while it gives another.

    Finishes or raises; NamesConcealed before anything of a page is given out.
    """
    refused: list[ActAtVendor] = []
    for report in REPORTS:
        try:
            yield from _read_one(client, report)
        except (NotOffered, PermissionMissing) as error:
            refused.append(error)
            why = "this cloud does not offer it" if isinstance(error, NotOffered) else "Microsoft refused it"
            if len(refused) < len(REPORTS):
                yield RecordPage([], [], note=f"{report.title} was not read: {why}.")
    if len(refused) == len(REPORTS):
        raise refused[0]


def _read_one(client: Client, report: Report) -> Iterator[RecordPage[LastUse]]:
    rows = 0
    for page in usage_rows.read_report(client, report.question, report.row, report.convert):
        rows += len(page.records) + len(page.bad) + page.left_out
        if page.last and not rows:
            page.note = f"{report.title} lists nobody at present, which changes nothing."
        yield page


def read_again(raw: bytes) -> LastUse | None:
    """A row of either report that was set aside. Raises ValueError with the reason."""
    of_apps = to_row(raw, _Either).details is not msgspec.UNSET
    return to_app_use(to_row(raw, AppUser)) if of_apps else to_active(to_row(raw, ActiveUser))


class _Either(msgspec.Struct):
    """Only "apps used" has this field."""

    details: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
