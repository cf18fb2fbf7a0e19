"""Pages, REST and files show what the tenant calls its people: all of them, and as text."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from seatkeeper.services import tokens
from seatkeeper.services.members import Role, who_is
from seatkeeper.store.models import Application, SeatHolder
from tests.api.conftest import Caller
from tests.people import open_tenant
from tests.spoiled import Row, spoiled

from .conftest import NewMember, SignedIn

NAMES = (
    "Ada\0Moe",
    "Bo\ud800",
    "\udfffCy",
    "<b>Di</b>",
    "Eve\x1b[2J\x01",
    "\u202eolF\u2066",
    "Gus\ufffe",
    "=1+1",
    "e\u0301",
)
UNSAFE = [chr(code) for code in range(32) if chr(code) not in "\t\r\n"] + [
    "\u202e",
    "\u2066",
    "\ud800",
    "\udfff",
    "\ufffe",
]


def rename(row: Row) -> None:
    row |= {
        "givenName": NAMES[int(row["id"][:8], 16) % len(NAMES)],
        "department": NAMES[int(row["id"][-8:], 16) % len(NAMES)],
    }


@pytest.mark.usefixtures("database")
def test_names_of_any_letters_are_shown_to_the_last_person_and_run_nowhere(
    signed_in: SignedIn, new_member: NewMember
) -> None:
    browser = signed_in()
    with spoiled(rename, "/users"), open_tenant(people=120) as tenant:
        assert {result.exit_code for result in tenant.sync()} == {0}
    place = f"/applications/{Application.objects.get().pk}"
    holders = SeatHolder.objects.count()
    assert len(set(SeatHolder.objects.values_list("first_name", flat=True))) > 5

    page = browser.get(f"{place}/users?size=100").content.decode()
    assert not [letter for letter in UNSAFE if letter in page]
    assert "<b>Di</b>" not in page
    for account in SeatHolder.objects.values_list("object_id", flat=True)[:10]:
        assert browser.get(f"{place}/users/{account}").status_code == 200

    lines = list(
        csv.reader(io.StringIO(download(browser.get(f"{place}/users/export.csv")).decode("utf-8-sig"), newline=""))
    )
    assert len(lines) == holders + 1
    sheet = load_workbook(io.BytesIO(download(browser.get(f"{place}/users/export.xlsx")))).active
    assert sheet is not None
    assert sheet.max_row == holders + 1
    script = Caller(tokens.make(who_is(new_member().pk), "script", Role.VIEWER.value).text.reveal())
    status, found = script.get(f"{place}/users?size=100")
    assert (status, found["total"]) == (200, holders)
    names = set(SeatHolder.objects.values_list("first_name", flat=True))
    assert {row["first_name"] for row in found["rows"]} == names


def download(answer: object) -> bytes:
    return b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content  # type: ignore[attr-defined]
