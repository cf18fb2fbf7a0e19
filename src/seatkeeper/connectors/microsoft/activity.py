"""Account Activity: when each account last got in anywhere in the tenant, by the directory (signInActivity).

It bounds the use of every product from above: it counts non-interactive sign-ins, which the log of v1.0 does not show,
and reaches back to 2020. It comes hours late, and that nothing is said of an account proves nothing: values were seen
to be left out on pages of more than 120 accounts (msgraph-sdk-powershell #1898), so no more are asked for at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage, TaskKind
from seatkeeper.connectors.microsoft import access
from seatkeeper.connectors.microsoft.records import to_records
from seatkeeper.connectors.microsoft.roster import USERS, to_object_key
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import Id, read_pages, to_row
from seatkeeper.graph.throttle import ACTIVITY
from seatkeeper.model import Instant, LastUse, to_instant

PAGE: Final = 120
TASK: Final = TaskKind(
    "activity",
    "Account Activity",
    "nobody can say when an account was last used anywhere",
    access.TASK.permission,
    optional=True,
    hint="Account Activity reads slowly when each account last got in anywhere in the tenant: whoever did is possibly "
    "active, so fewer seats are called unused, and those that are stand on more than sign-ins.",
    lateness=days(1),  # taken off the moment of reading (docs/decisions/0008)
)
QUESTION: Final = f"{USERS}?$select=id,signInActivity&$top={PAGE}"


class SignInActivity(msgspec.Struct, rename="camel", gc=False):
    """The dates that we read; the newest success is told since December 2023, the others count failures too."""

    last_successful_sign_in_date_time: str | None = None
    last_sign_in_date_time: str | None = None
    last_non_interactive_sign_in_date_time: str | None = None


class Active(msgspec.Struct, rename="camel", gc=False):
    """The fields of a user that this task asks for."""

    ONCE: ClassVar = ("id", "signInActivity")

    id: Id
    sign_in_activity: SignInActivity | None = None


def read(client: Client) -> Iterator[RecordPage[LastUse]]:
    """Every account of which anything is said, page by page. Finishes or raises."""
    for page in read_pages(client, QUESTION, path=USERS, row=Active, family=ACTIVITY, units=1):
        yield to_records(page, to_activity)


def read_again(raw: bytes) -> LastUse | None:
    """A row that was set aside. Raises ValueError with the reason."""
    return to_activity(to_row(raw, Active))


def to_activity(row: Active) -> LastUse | None:
    """None when nothing is said. The newest success where it is told; else the newest try, which may have failed."""
    key, told = to_object_key(row.id), row.sign_in_activity or SignInActivity()
    tries = (told.last_sign_in_date_time, told.last_non_interactive_sign_in_date_time)
    last = _to_moment(told.last_successful_sign_in_date_time) or max(map(_to_moment, tries))
    return LastUse(key, last) if last else None


def _to_moment(text: str | None) -> Instant:
    """0 for none; Microsoft writes that as null, as nothing, or as a date of the year 1."""
    return max(0, to_instant(text)) if text else 0
