"""What Microsoft's reports of use have in common: JSON page by page, people by name, days as text, and a day of their
own up to which they know.

As CSV they would redirect to another host, and no redirect is followed. A day confirms use; nothing that is missing
proves anything. Concealed names are refused before any of their page is given out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, TypeVar

from seatkeeper.clock import days
from seatkeeper.connectors.base import Permission, RecordPage
from seatkeeper.connectors.microsoft.concealed import NameGuard
from seatkeeper.connectors.microsoft.records import to_records
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import read_pages
from seatkeeper.graph.throttle import to_usage_family
from seatkeeper.model import LOST, Instant, LastUse, to_instant

PERMISSION: Final = Permission("Reports.Read.All", frozenset())
Facts = tuple[tuple[str, str], ...]  # by the names of facts
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LONGEST: Final = 1_000  # characters of a user name; Microsoft allows 113


class Named(Protocol):
    """A row of any of these reports."""

    user_principal_name: str
    report_refresh_date: str


Row = TypeVar("Row", bound=Named)


def read_report(
    client: Client, question: str, row: type[Row], convert: Callable[[Row], LastUse | None]
) -> Iterator[RecordPage[LastUse]]:
    """A report page by page. Finishes or raises; NamesConcealed before anything of the page is given out."""
    path = question.partition("?")[0]
    guard = NameGuard()
    for page in read_pages(client, question, path=path, row=row, family=to_usage_family(path), units=1):
        guard.look([one.user_principal_name for one in page.rows])
        yield to_records(page, convert)


def check_name(name: str) -> str:
    """The same, where it can be a user name. Raises ValueError."""
    if not name.strip() or len(name) > _LONGEST or LOST in name:
        raise ValueError("not a user name")
    return name


def to_last_use(
    row: Named, parts: Iterable[tuple[str, str | None]], *whole: str | None, facts: Facts = ()
) -> LastUse | None:
    """The newest of the days that a row tells of its parts and of the whole, with what else it tells; None for nothing.

    Raises ValueError for a row that names nobody, or a day that is none.
    """
    name = check_name(row.user_principal_name)
    refreshed = _to_day(row.report_refresh_date)
    if refreshed is None:
        raise ValueError("no report refresh date")
    known = tuple((used, day) for used, text in parts if (day := _to_day(text)) is not None)
    told = [day for day in map(_to_day, whole) if day is not None] + [day for _used, day in known]
    if not told and not facts:
        return None
    return LastUse(name, max(told, default=None), refreshed + days(1) - 1, known, facts)


def _to_day(text: str | None) -> Instant | None:
    """When a day begins. Raises ValueError for what is none."""
    if not text:
        return None
    if not _DAY.fullmatch(text):
        raise ValueError(f"not a day: {text[:40]!r}")
    return to_instant(f"{text}T00:00:00Z")
