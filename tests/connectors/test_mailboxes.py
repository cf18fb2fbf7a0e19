"""Whose mailbox an account has, as Microsoft's report tells it: what is known, and of what nothing is said."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from seatkeeper.connectors.microsoft.mailboxes import read_again
from seatkeeper.model import LastUse, to_instant

# A row as Microsoft's page of the function shows it, with the field that is not documented.
ROW: dict[str, Any] = {
    "reportRefreshDate": "2026-07-29",
    "userPrincipalName": "sam@northwind.example",
    "displayName": "Sam",
    "isDeleted": False,
    "deletedDate": None,
    "lastActivityDate": "2026-07-27",
    "storageUsedInBytes": 12_000_000_000,
    "hasArchive": False,
    "recipientType": "Shared",
}


def read(**changes: Any) -> LastUse | None:
    return read_again(json.dumps(ROW | changes).encode())


def facts(**changes: Any) -> dict[str, str]:
    found = read(**changes)
    return dict(found.facts) if found else {}


def test_a_shared_mailbox_has_its_size_and_archive_and_no_use() -> None:
    told = (("mailbox", "shared"), ("mailbox size", "12000000000"), ("archive", "no"))
    assert read() == LastUse("sam@northwind.example", None, to_instant("2026-07-30T00:00:00Z") - 1, (), told)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Shared", "shared"), ("SharedMailbox", "shared"), ("ROOM", "room"), ("RoomMailbox", "room"),
        ("EquipmentMailbox", "equipment"), ("User", "user"), ("UserMailbox", "user"),
    ],
)  # fmt: skip
def test_its_kind_is_found_by_a_word(said: str, kind: str) -> None:
    assert facts(recipientType=said)["mailbox"] == kind


def test_of_a_person_s_own_nothing_else_is_kept() -> None:
    assert facts(recipientType="User") == {"mailbox": "user"}


@pytest.mark.parametrize(
    "changes", [{"recipientType": None}, {"recipientType": ""}, {"recipientType": "Linked"}, {"isDeleted": True}]
)
def test_of_one_whose_kind_nobody_tells_and_of_one_that_is_deleted_nothing_is_said(changes: dict[str, Any]) -> None:
    assert read(**changes) is None


def test_what_nobody_tells_of_a_shared_one_is_not_known() -> None:
    assert facts(storageUsedInBytes=None, hasArchive=None) == {"mailbox": "shared"}
    older = {key: value for key, value in ROW.items() if key != "recipientType"}
    assert read_again(json.dumps(older).encode()) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"storageUsedInBytes": -1},
        {"storageUsedInBytes": "much"},
        {"hasArchive": "perhaps"},
        {"recipientType": 3},
        {"userPrincipalName": " "},
        {"userPrincipalName": None},
        {"reportRefreshDate": "yesterday"},
        {"reportRefreshDate": ""},
    ],
)
def test_a_row_that_nobody_understands_is_set_aside(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        read(**changes)
