"""Copilot Usage: the day on which each licensed person used Microsoft 365 Copilot last, and in which applications.

It is Microsoft's own report (usage_rows), which knows those alone who hold a licence. Rows: learn.microsoft.com,
copilotReportRoot: getMicrosoft365CopilotUsageUserDetail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage, TaskKind
from seatkeeper.connectors.microsoft import usage_rows
from seatkeeper.connectors.vendor import UsageSignal
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import to_row
from seatkeeper.model import LastUse

TASK: Final = TaskKind(
    "copilot-usage",
    "Copilot Usage",
    "nobody can say who used Microsoft 365 Copilot",
    usage_rows.PERMISSION,
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
    return usage_rows.read_report(client, QUESTION, Use, to_last_use)


def read_again(raw: bytes) -> LastUse | None:
    """A row that was set aside. Raises ValueError with the reason."""
    return to_last_use(to_row(raw, Use))


def to_last_use(row: Use) -> LastUse | None:
    """None for no day of use. Raises ValueError for a row that names nobody, or a day that is none."""
    return usage_rows.to_last_use(row, row.parts(), row.last_activity_date)
