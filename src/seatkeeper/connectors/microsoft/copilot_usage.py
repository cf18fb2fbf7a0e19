"""Copilot Usage: the day on which each licensed person used Microsoft 365 Copilot last, and in which applications.

It is Microsoft's own report, as JSON: as CSV it would redirect to another host. It tells people by name only, knows
those alone who hold a licence, and is days behind; names may be concealed in it. So a day confirms use, and nothing
that is missing proves anything. Rows: learn.microsoft.com, copilotReportRoot: getMicrosoft365CopilotUsageUserDetail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.clock import days
from seatkeeper.connectors.base import Permission, RecordPage, TaskKind
from seatkeeper.connectors.microsoft.concealed import NameGuard
from seatkeeper.connectors.microsoft.records import to_records
from seatkeeper.connectors.vendor import UsageSignal
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import read_pages, to_row
from seatkeeper.graph.throttle import USAGE
from seatkeeper.model import LOST, Instant, LastUse, to_instant

TASK: Final = TaskKind(
    "copilot-usage",
    "Copilot Usage",
    "nobody can say who used Microsoft 365 Copilot",
    Permission("Reports.Read.All", frozenset()),
    optional=True,
    hint="Copilot Usage reads on which day each licensed person used Microsoft 365 Copilot last. It needs the "
    "permission Reports.Read.All, and reports that do not conceal names. The report is about two to three days late, "
    "knows licensed people only, and is there in the global cloud only.",
    lateness=days(3),
)
SIGNAL: Final = UsageSignal(
    task=TASK.key,
    heading="Last Copilot Use",
    says="Microsoft's report says that Copilot was used last on {day}.",
    products=frozenset({"microsoft-365-copilot"}),
)
# Asked for the longest period: another has the same columns, and looks back less.
REPORT: Final = "/beta/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')"
QUESTION: Final = f"{REPORT}?$format=application/json"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LONGEST: Final = 1_000  # characters of a user name; Microsoft allows 113


class Use(msgspec.Struct, rename="camel", gc=False):
    """A person of the report; a day is "2026-07-29", or nothing for none."""

    ONCE: ClassVar = ("userPrincipalName", "lastActivityDate", "reportRefreshDate")

    user_principal_name: str
    report_refresh_date: str
    last_activity_date: str | None = None
    microsoft_teams_copilot_last_activity_date: str | None = None
    word_copilot_last_activity_date: str | None = None
    excel_copilot_last_activity_date: str | None = None
    power_point_copilot_last_activity_date: str | None = None
    outlook_copilot_last_activity_date: str | None = None
    one_note_copilot_last_activity_date: str | None = None
    loop_copilot_last_activity_date: str | None = None
    copilot_chat_last_activity_date: str | None = None

    def parts(self) -> tuple[tuple[str, str | None], ...]:
        """The days by application, as people call it."""
        return (
            ("Teams", self.microsoft_teams_copilot_last_activity_date),
            ("Word", self.word_copilot_last_activity_date),
            ("Excel", self.excel_copilot_last_activity_date),
            ("PowerPoint", self.power_point_copilot_last_activity_date),
            ("Outlook", self.outlook_copilot_last_activity_date),
            ("OneNote", self.one_note_copilot_last_activity_date),
            ("Loop", self.loop_copilot_last_activity_date),
            ("Copilot Chat", self.copilot_chat_last_activity_date),
        )


def read(client: Client) -> Iterator[RecordPage[LastUse]]:
    """Everybody with a day of use, page by page. Finishes or raises; NamesConcealed before anything is given out."""
    guard = NameGuard()
    for page in read_pages(client, QUESTION, path=REPORT, row=Use, family=USAGE, units=1):
        guard.look([row.user_principal_name for row in page.rows])
        yield to_records(page, to_last_use)


def read_again(raw: bytes) -> LastUse | None:
    """A row that was set aside. Raises ValueError with the reason."""
    return to_last_use(to_row(raw, Use))


def to_last_use(row: Use) -> LastUse | None:
    """None for no day of use. Raises ValueError for a row that names nobody, or a day that is none."""
    name = row.user_principal_name
    if not name.strip() or len(name) > _LONGEST or LOST in name:
        raise ValueError("not a user name")
    refreshed = _to_day(row.report_refresh_date)
    if refreshed is None:
        raise ValueError("no report refresh date")
    days_used = ((used, _to_day(text)) for used, text in row.parts())
    parts = tuple((used, day) for used, day in days_used if day is not None)
    told = [day for day in (_to_day(row.last_activity_date), *dict(parts).values()) if day is not None]
    return LastUse(name, max(told), refreshed + days(1) - 1, parts) if told else None


def _to_day(text: str | None) -> Instant | None:
    """When a day begins. Raises ValueError for what is none."""
    if not text:
        return None
    if not _DAY.fullmatch(text):
        raise ValueError(f"not a day: {text[:40]!r}")
    return to_instant(f"{text}T00:00:00Z")
