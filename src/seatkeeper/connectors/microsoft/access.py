"""Application Access: sign-ins to the product's applications, one closed window of time at a time.

v1.0 returns interactive sign-ins only, so "none seen" is less than "unused"; the reports say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import quote

import msgspec

from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.feasibility import PAGE
from seatkeeper.errors import NamesConcealed
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import BadRow, Page, read_pages, to_row
from seatkeeper.model import NOBODY, Instant, SignIn, to_instant, to_key, to_text

SIGN_INS = "/v1.0/auditLogs/signIns"
UNKNOWN_RESULT = -1  # Microsoft sent no error code: such a row is no proof of use
_CONCEALED = re.compile(r"[0-9A-Fa-f]{32}")  # the log writes names in lower case


class Status(msgspec.Struct, rename="camel", gc=False):
    error_code: int | None = None


class Event(msgspec.Struct, rename="camel", gc=False):
    """The fields of a sign-in that we keep; this list is also what `$select` asks for."""

    ONCE: ClassVar = ("createdDateTime", "userId", "appId", "errorCode")
    FIRST: ClassVar = "id"  # the policies that were applied have one, too

    id: str
    created_date_time: str
    user_id: str | None = None
    user_principal_name: str | None = None
    app_id: str | None = None
    status: Status | None = None


SELECT = ",".join(f.encode_name for f in msgspec.structs.fields(Event))


def to_filter(start: Instant, end: Instant, apps: frozenset[str]) -> str:
    """Both bounds are inclusive: `gt` and `lt` are not documented, and an event met twice is one row."""
    names = " or ".join(f"appId eq '{app}'" for app in sorted(apps))
    return f"createdDateTime ge {to_text(start)} and createdDateTime le {to_text(end)} and ({names})"


def to_question(start: Instant, end: Instant, apps: frozenset[str]) -> str:
    return f"{SIGN_INS}?$filter={quote(to_filter(start, end, apps))}&$select={SELECT}&$top={PAGE}"


def read_sign_ins(client: Client, apps: frozenset[str], start: Instant, end: Instant) -> Iterator[RecordPage[SignIn]]:
    """All sign-ins to the applications from `start` to `end`, newest first. Finishes or raises."""
    pages = read_pages(client, to_question(start, end, apps), path=SIGN_INS, row=Event, family="reports", units=1)
    for page in pages:
        yield _to_page(page, apps, (start, end))


def _to_page(page: Page[Event], apps: frozenset[str], window: tuple[Instant, Instant]) -> RecordPage[SignIn]:
    result: RecordPage[SignIn] = RecordPage([], page.bad, link=page.link)
    concealed = 0
    for event in page.rows:
        # Graph was seen to return rows that do not match the filter (microsoft-graph-docs #3159, #7970).
        if (event.app_id or "").lower() not in apps:
            result.left_out += 1
            continue
        try:
            sign_in = to_sign_in(event)
        except ValueError as error:
            result.bad.append(BadRow(msgspec.json.encode(event), str(error)))
            continue
        if not window[0] <= sign_in.created <= window[1]:
            result.left_out += 1  # dated tomorrow, or in the year 1: it is read when its time has come
            continue
        result.records.append(sign_in)
        concealed += _CONCEALED.fullmatch(event.user_principal_name or "") is not None
    if concealed > 0.2 * len(result.records):
        raise NamesConcealed(
            f"{concealed} of {len(result.records)} sign-ins carry concealed names, so none of them was stored. "
            'Clear "Display concealed user, group, and site names in all reports" in the Microsoft 365 admin '
            "centre (Settings > Org settings > Services > Reports) and run the task again."
        )
    return result


def read_again(raw: bytes, apps: frozenset[str]) -> SignIn | None:
    """A sign-in that was set aside; None when it is to another application. Raises ValueError with the reason."""
    event = to_row(raw, Event)
    return to_sign_in(event) if (event.app_id or "").lower() in apps else None


def to_sign_in(event: Event) -> SignIn:
    """A sign-in as a record. Raises ValueError when it has no id or no time."""
    if event.id != event.id.strip():
        raise ValueError(f"id: {event.id[:40]!r} has spaces around it")
    code = event.status.error_code if event.status else None
    return SignIn(
        to_key(event.id),
        to_key(event.user_id.lower()) if event.user_id else NOBODY,
        (event.app_id or "").lower(),
        to_instant(event.created_date_time),
        UNKNOWN_RESULT if code is None else code,
        event.user_principal_name or "",
    )
