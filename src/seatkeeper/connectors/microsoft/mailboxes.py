"""Mailboxes: which accounts have a shared mailbox, or that of a room or of equipment, how large it is, and its archive.

Microsoft's report of the use of mailboxes (usage_rows) tells it of everybody at once. The mailbox's own settings would
say it as well (`userPurpose`), but only one account a request, and by a permission that reads people's automatic
replies and working hours. In the report the kind is documented nowhere: `recipientType` came in 2022 with the values
"User" and "Shared", and how it calls rooms and equipment is not written anywhere. So words are looked for, and of
whatever has none of them nothing is said. Rows: learn.microsoft.com, reportRoot: getMailboxUsageDetail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.account_facts import Fact, MailboxKind
from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage, TaskKind
from seatkeeper.connectors.microsoft import usage_rows
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import to_row
from seatkeeper.model import LastUse

TASK: Final = TaskKind(
    "mailboxes",
    "Mailboxes",
    "nobody can say which accounts are shared mailboxes",
    usage_rows.PERMISSION,
    optional=True,
    hint="Mailboxes reads which accounts have a shared mailbox, or that of a room or of equipment, its size, and "
    "whether it has an archive; it reads no mail. It needs the permission Reports.Read.All, and reports that do not "
    "conceal names. The report is about two to three days late, and Microsoft documents the kind of a mailbox nowhere.",
    lateness=days(3),
    apart=True,
)
REPORT: Final = "/beta/reports/getMailboxUsageDetail"
QUESTION: Final = f"{REPORT}(period='D180')?$format=application/json&$top=999"
UNTOLD: Final = "The report says of no mailbox what kind it is, so nothing is known of shared ones."


class Mailbox(msgspec.Struct, rename="camel", gc=False):
    """A mailbox of the report, whose name is that of its account."""

    ONCE: ClassVar = ("userPrincipalName", "reportRefreshDate", "isDeleted", "recipientType")

    user_principal_name: str
    report_refresh_date: str
    is_deleted: bool | None = None
    recipient_type: str | None = None
    storage_used_in_bytes: int | None = None
    has_archive: bool | None = None


def read(client: Client) -> Iterator[RecordPage[LastUse]]:
    """Every mailbox whose kind is told. Finishes or raises; NamesConcealed before anything of a page is given out."""
    told = rows = 0
    for page in usage_rows.read_report(client, QUESTION, Mailbox, to_facts):
        told += len(page.records)
        rows += page.left_out
        if page.last and rows and not told:
            page.note = UNTOLD
        yield page


def read_again(raw: bytes) -> LastUse | None:
    """A row that was set aside. Raises ValueError with the reason."""
    return to_facts(to_row(raw, Mailbox))


def to_facts(row: Mailbox) -> LastUse | None:
    """What kind it is, and of other than people's own how large. None for one of which no kind is told, and for one
    that is deleted: its name may be another's by now.
    """
    kind = _to_kind(row.recipient_type or "")
    if row.is_deleted or kind is None:
        return None
    facts = [(Fact.MAILBOX.value, kind.value)]
    if (size := row.storage_used_in_bytes) is not None and size < 0:
        raise ValueError("less than nothing is stored")
    if kind is not MailboxKind.USER:
        facts += [] if size is None else [(Fact.MAILBOX_SIZE.value, str(size))]
        facts += [] if row.has_archive is None else [(Fact.ARCHIVE.value, "yes" if row.has_archive else "no")]
    return usage_rows.to_last_use(row, (), facts=tuple(facts))


def _to_kind(recipient_type: str) -> MailboxKind | None:
    words = recipient_type.casefold()
    return next((kind for kind in (*_OTHERS, MailboxKind.USER) if kind.value in words), None)


_OTHERS: Final = (MailboxKind.SHARED, MailboxKind.ROOM, MailboxKind.EQUIPMENT)
