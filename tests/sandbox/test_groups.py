"""The groups of the pretend tenant: what they are called, who may ask, and what becomes of them."""

from __future__ import annotations

import pytest

from seatkeeper.sandbox.world.groups import GIVING, OTHERS

from .client import Client
from .conftest import Make

ANY = "'00000000-0000-4000-8000-000000000000'"


def ids_of(client: Client) -> list[str]:
    return [row["id"] for row in client.sandbox.truth()["groups"]]


def test_groups_are_listed_by_their_ids_with_what_is_selected(make: Make) -> None:
    client = make()
    ids = ids_of(client)
    asked = ",".join(f"'{one}'" for one in ids[:2])
    rows = client.rows(f"/groups?$filter=id in ({asked})&$select=id,displayName")
    assert rows == [{"id": one, "displayName": name} for one, name in zip(ids, GIVING, strict=True)][:2]
    assert {row["displayName"] for row in client.rows("/groups?$top=2")} == {*GIVING, *OTHERS}
    one = client.ask(f"/groups/{ids[0]}?$select=displayName,visibility").json()
    assert (one["displayName"], one["visibility"]) == ("Project users", "HiddenMembership")


def test_one_group_is_renamed_and_one_deleted_in_time(make: Make) -> None:
    client = make()
    before = {row["name"]: row["id"] for row in client.sandbox.truth()["groups"]}
    client.sandbox.tenant.move(days=4)
    client.renew()
    told = {row["id"]: row for row in client.sandbox.truth()["groups"]}
    assert told[before["Contractors"]]["name"] == "External staff"
    assert told[before["Pilot"]] == {"id": before["Pilot"], "name": "Pilot", "deleted": True}
    there = {row["id"]: row["displayName"] for row in client.rows("/groups?$select=id,displayName")}
    assert there.keys() & told.keys() == told.keys() - {before["Pilot"]}
    assert there[before["Contractors"]] == "External staff"
    assert client.ask(f"/groups/{before['Pilot']}").status_code == 404


@pytest.mark.parametrize(
    "permission", ["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "GroupMember.ReadWrite.All"]
)
def test_each_permission_of_microsofts_table_reads_them_and_no_other_does(make: Make, permission: str) -> None:
    client = make()
    client.sandbox.tenant.permissions = {"User.Read.All", "AuditLog.Read.All", "LicenseAssignment.Read.All"}
    client.renew()
    one = ids_of(client)[0]
    for path in ("/groups", f"/groups/{one}"):
        denied = client.ask(path)
        assert (denied.status_code, denied.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    client.sandbox.tenant.permissions.add(permission)
    client.renew()
    assert client.ask("/groups").status_code == client.ask(f"/groups/{one}").status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        (f"$filter=id in ({','.join([ANY] * 16)})",
         "Request_UnsupportedQuery", "16. Max allowed: 15"),
        ("$filter=id in ('nonsense')", "Request_BadRequest", "Invalid object identifier 'nonsense'"),
        ("$filter=id eq 'x'", "Request_BadRequest", "Invalid object identifier 'x'"),
        ("$filter=id in (", "BadRequest", "Invalid filter clause"),
        ("$filter=description eq 'x'", "BadRequest", "Invalid filter clause"),
        ("$select=members", "BadRequest", "members"),
        ("$top=1000", "Request_BadRequest", "Invalid page size"),
        ("$expand=members", "BadRequest", "not supported"),
    ],
)  # fmt: skip
def test_a_bad_question_about_groups_is_refused(shared: Client, query: str, code: str, words: str) -> None:
    answer = shared.ask(f"/groups?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert words in answer.json()["error"]["message"]


def test_who_holds_a_seat_by_which_group_is_part_of_the_truth(make: Make) -> None:
    client = make(people=300)
    truth, states = client.sandbox.truth(), {}
    for row in client.rows("/users?$select=id,licenseAssignmentStates&$top=999"):
        states[row["id"]] = {state["assignedByGroup"] for state in row["licenseAssignmentStates"]} - {None}
    assert any(row["groups"] for row in truth["roster"])
    assert all(set(row["groups"]) <= states[row["object_id"]] for row in truth["roster"])
    assert {group for row in truth["roster"] for group in row["groups"]} <= {row["id"] for row in truth["groups"]}
