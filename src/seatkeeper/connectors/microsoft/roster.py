"""Application Roster: all accounts of the directory, filtered on our side.

A licence filter at the source is refused for more than one SKU, and its page token can expire on page two
(Directory_ExpiredPageToken); a page of everybody costs one resource unit, because `$select` lowers it from two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from seatkeeper.connectors.base import Permission, RecordPage, TaskKind
from seatkeeper.connectors.microsoft.concealed import NameGuard
from seatkeeper.connectors.microsoft.licensing import (
    AssignedLicense,
    AssignmentState,
    PlanState,
    merge_licensing,
    to_date,
    to_licensing,
)
from seatkeeper.connectors.microsoft.products import Watched
from seatkeeper.errors import NotThere, NotUnderstood
from seatkeeper.graph.client import Client
from seatkeeper.graph.ids import fold_id
from seatkeeper.graph.pages import Id, Page, read_one, read_pages, to_row, to_storable
from seatkeeper.model import MISSING, Account, BadRow, Key, Missing, to_id, to_key

# Permissions here and in the other tasks: the one to ask for first, then those that serve as well
# (microsoft-graph-devx-content permissions.json, 2026-08-07).
DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
TASK = TaskKind(
    "roster",
    "Application Roster",
    "nobody can say who holds a seat",
    Permission("User.Read.All", DIRECTORY | {"User.ReadWrite.All"}, usual="Directory.Read.All"),
)
USERS = "/v1.0/users"
DELTA = "/v1.0/users/delta"
# The largest page that Graph allows: a $top of 1000 is answered with 400 (Graph docs, api/user-list). Where that is
# answered with a gateway timeout time and again, or with more bytes than we take, less is asked for at once.
PAGE_SIZES = (999, 250, 60)

# What Microsoft leaves out is MISSING from the start; msgspec gives a default out as it is.
LEFT_OUT: Any = MISSING


class Removed(msgspec.Struct):
    """`changed` is a soft deletion that can be undone for 30 days, `deleted` is for good; either ends the seat."""

    reason: str | None = None


class User(msgspec.Struct, rename="camel", gc=False):
    """The fields of a user that we keep; this list is also what `$select` asks for."""

    ONCE: ClassVar = ("id", "accountEnabled", "assignedLicenses")  # of these a second one would cost a seat

    id: Id
    user_principal_name: str | None = LEFT_OUT
    mail: str | None = LEFT_OUT
    given_name: str | None = LEFT_OUT
    surname: str | None = LEFT_OUT
    display_name: str | None = LEFT_OUT
    account_enabled: bool | None = LEFT_OUT
    user_type: str | None = LEFT_OUT
    created_date_time: str | None = LEFT_OUT
    department: str | None = LEFT_OUT
    usage_location: str | None = LEFT_OUT
    assigned_licenses: list[AssignedLicense] | None = LEFT_OUT
    assigned_plans: list[PlanState] | None = LEFT_OUT
    license_assignment_states: list[AssignmentState] | None = LEFT_OUT
    removed: Removed | None = msgspec.field(default=None, name="@removed")


SELECT = ",".join(f.encode_name for f in msgspec.structs.fields(User) if not f.encode_name.startswith("@"))


def read_roster(
    client: Client, watched: Watched, link: str | None, size: int = PAGE_SIZES[0]
) -> Iterator[RecordPage[Account]]:
    """Every account, page by page, from the start or from a next link. Finishes or raises."""
    # Without $select only eleven properties come, neither licences nor accountEnabled (Graph docs, resources/user).
    start = link or f"{USERS}?$select={SELECT}&$top={size}"
    return _to_pages(read_pages(client, start, path=USERS, row=User, family="directory", units=1), watched)


def read_account(client: Client, watched: Watched, key: Key) -> Account | None:
    """One account by its object id; None when the directory says that it has none."""
    if len(key) != 16:  # every account of the directory has a GUID: what once stood in a list as another is not there
        return None
    path = f"{USERS}/{to_id(key)}"
    try:
        user = read_one(client, f"{path}?$select={SELECT}", path=path, row=User, family="directory", units=1)
        account = to_account(user, to_object_key(user.id), watched)
    except NotThere:
        return None
    except ValueError as error:
        raise NotUnderstood(f"Microsoft's answer for one account cannot be right ({error}).") from None
    if account.key != key:
        raise NotUnderstood("Microsoft answered for another account than the one that was asked for.")
    return account


def mark_changes(client: Client) -> str | None:
    """The link of now: it returns no account, only the point from which changes are told."""
    start = f"{DELTA}?$select={SELECT}&$deltatoken=latest"  # delta takes no $top (Graph docs, api/user-delta)
    last = None
    for page in read_pages(client, start, path=DELTA, row=User, family="directory", units=1, wants_delta=True):
        last = page.delta
    return last


def read_changes(client: Client, watched: Watched, link: str) -> Iterator[RecordPage[Account]]:
    """What changed since the link was given; replays and repetitions are normal."""
    pages = read_pages(client, link, path=DELTA, row=User, family="directory", units=1, wants_delta=True)
    return _to_pages(pages, watched)


def _to_pages(pages: Iterator[Page[User]], watched: Watched) -> Iterator[RecordPage[Account]]:
    guard = NameGuard()
    for page in pages:
        result: RecordPage[Account] = RecordPage([], page.bad, link=page.link, changes_link=page.delta)
        for user in page.rows:
            try:
                key = to_object_key(user.id)
                if user.removed is not None:
                    result.records[:] = [account for account in result.records if account.key != key]
                    result.removed.append(key)
                    continue
                result.records.append(to_account(user, key, watched))
                if key in result.removed:  # removed and restored: the later one counts
                    result.removed.remove(key)
            except ValueError as error:
                result.bad.append(BadRow(msgspec.json.encode(user), str(error)))
        guard.look([account.upn for account in result.records])
        yield result


def read_again(raw: bytes, watched: Watched) -> Account | None:
    """An account that was set aside; None when it was one that went. Raises ValueError with the reason."""
    user = to_row(raw, User)
    key = to_object_key(user.id)
    return to_account(user, key, watched) if user.removed is None else None


def to_object_key(text: str) -> Key:
    """The key of a directory object. An id with spaces is not one Microsoft gives."""
    if " " in text or not text.isprintable():
        raise ValueError(f"id: {text[:40]!r} is not an id")
    return to_key(text)


class Named(msgspec.Struct):
    """The one field that says whose row it is."""

    id: Id


def to_account_key(raw: bytes) -> Key | None:
    """Whose row this is, if it says so at all."""
    try:
        return to_object_key(fold_id(msgspec.json.decode(to_storable(raw), type=Named).id))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def to_account(user: User, key: Key, watched: Watched) -> Account:
    """A user as an account; what only describes a person is never a reason to refuse one."""
    created: str | Missing | None = user.created_date_time
    return Account(
        key,
        user.user_principal_name,
        user.mail,
        user.given_name,
        user.surname,
        user.display_name,
        user.account_enabled,
        user.user_type,
        MISSING if isinstance(created, Missing) else to_date(created),
        user.department,
        user.usage_location,
        to_licensing(user.assigned_licenses, user.assigned_plans, user.license_assignment_states, watched),
    )


def is_guest(user_type: str | None, upn: str | None) -> bool:
    """By its type, or where it has none by the mark in the names of invited people: the oldest of them have no type.

    An invited person who was made a member is one (docs/decisions/0014).
    """
    return user_type.casefold() == "guest" if user_type else "#EXT#" in (upn or "").upper()


def merge_account(old: Account, new: Account) -> Account:
    """The newer answer over the older one; what it did not send stays."""
    licensing = new.licensing
    if isinstance(licensing, Missing):
        licensing = old.licensing
    elif MISSING is not old.licensing:
        licensing = merge_licensing(old.licensing or None, licensing)
    fields = [before if after is MISSING else after for before, after in zip(old, new, strict=True)]
    return Account._make(fields)._replace(licensing=licensing)
