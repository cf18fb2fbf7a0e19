"""$search, $orderby, the filter on signInActivity, and the reduced read of User.ReadBasic.All."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from .client import Client, costing_less_than
from .conftest import Make

ADVANCED = {"ConsistencyLevel": "eventual"}


@pytest.mark.parametrize(
    ("query", "key", "headers"),
    [
        ("$orderby=displayName", "displayName", {}),
        ("$orderby=displayName asc", "displayName", {}),
        ("$orderby=displayName desc", "displayName", {}),
        ("$orderby=userPrincipalName", "userPrincipalName", {}),
        ("$orderby=createdDateTime desc&$count=true&$select=createdDateTime", "createdDateTime", ADVANCED),
        ("$orderby=displayName&$count=true&$filter=accountEnabled eq false", "displayName", ADVANCED),
    ],
)
def test_people_come_in_the_order_asked_for(shared: Client, query: str, key: str, headers: dict[str, str]) -> None:
    rows = shared.rows(f"/users?{query}&$top=40", **headers)
    names = [(row[key] or "").casefold() for row in rows]
    assert names == sorted(names, reverse="desc" in query)
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert len(ids) == 300 or "filter" in query


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("$orderby=createdDateTime", {}),
        ("$orderby=createdDateTime&$count=true", {}),
        ("$orderby=createdDateTime", ADVANCED),
        ("$orderby=displayName&$filter=accountEnabled eq true", {}),
        ("$orderby=mail", ADVANCED),
        ("$orderby=displayName sideways", {}),
        ("$orderby=displayName,userPrincipalName", {}),
        ("$orderby=", {}),
    ],
)
def test_an_order_the_directory_does_not_know_is_refused(shared: Client, query: str, headers: dict[str, str]) -> None:
    error = shared.ask(f"/users?{query}", **headers).json()["error"]
    assert error["code"] == "Request_UnsupportedQuery"
    assert error["message"] == "Sorting not supported for current query."


def _people(shared: Client) -> list[dict[str, Any]]:
    return shared.rows("/users?$top=999")


def _named(user: dict[str, Any], word: str, given: str) -> bool:
    return word in user["displayName"].lower() and (user["givenName"] or "").lower().startswith(given)


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ('"displayName:olsen"', lambda u: "olsen" in u["displayName"].lower()),
        ('"displayName:ad be"', lambda u: u["displayName"] == "Ada Berg"),
        ('"mail:ma"', lambda u: (u["mail"] or "").lower().startswith("ma")),
        ('"displayName:olsen" AND "givenName:m"', lambda u: _named(u, "olsen", "m")),
        ('"surname:olsen" OR "surname:rossi"', lambda u: u["surname"] in {"Olsen", "Rossi"}),
        ('"userPrincipalName:PAT.RASK"', lambda u: u["givenName"] == "Pat"),
    ],
)
def test_a_search_finds_words_of_the_name_and_beginnings(shared: Client, text: str, test: Any) -> None:
    rows = shared.rows(f"/users?$search={quote(text)}&$top=3", **ADVANCED)
    wanted = [user["id"] for user in _people(shared) if test(user)]
    assert wanted
    assert [row["id"] for row in rows] == wanted


def test_a_search_can_be_filtered_sorted_and_counted(shared: Client) -> None:
    path = '/users?$search="displayName:a"&$filter=accountEnabled eq true&$orderby=displayName&$count=true&$top=10'
    first = shared.ask(path, **ADVANCED).json()
    rows = shared.rows(path, **ADVANCED)
    assert first["@odata.count"] == len(rows) > 10


@pytest.mark.parametrize(
    "text",
    [
        "displayName:ada",
        '"ada"',
        '"displayName:"',
        '"x:y"',
        '"displayName:a" XOR "mail:b"',
        '"',
        "",
        '"displayName:a"' * 99,
        '"displayName:a" AND ' * 1000,
        '"' * 15_000,
    ],
)
def test_a_search_that_cannot_be_read_is_refused_at_once(shared: Client, text: str) -> None:
    with costing_less_than(2):
        answer = shared.ask(f"/users?$search={quote(text)}", **ADVANCED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_a_search_needs_its_header(shared: Client) -> None:
    answer = shared.ask('/users?$search="displayName:ada"')
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    assert "ConsistencyLevel: eventual" in answer.json()["error"]["message"]


def test_sign_in_activity_is_filtered_alone(make: Make) -> None:
    client = make(people=300)
    everybody = client.rows("/users?$select=id,signInActivity&$top=500")
    since = "2026-07-28T00:00:00Z"
    known = {row["id"]: row["signInActivity"]["lastSignInDateTime"] for row in everybody if "signInActivity" in row}
    for op in ("ge", "le"):
        rows = client.rows(f"/users?$filter=signInActivity/lastSignInDateTime {op} {since}&$select=id&$top=999")
        assert rows
        assert {row["id"] for row in rows} == {
            id_ for id_, moment in known.items() if (moment >= since if op == "ge" else moment <= since)
        }
    for bad in (
        f"signInActivity/lastSignInDateTime ge {since} and accountEnabled eq true",
        f"accountEnabled eq true or signInActivity/lastSignInDateTime ge {since}",
        "signInActivity/lastSignInDateTime eq null",
        "signInActivity/lastSignInDateTime ge 'yesterday'",
        "signInActivity/nonsense ge 2026-07-28T00:00:00Z",
        "signInActivity eq null",
    ):
        assert client.ask(f"/users?$filter={bad}").json()["error"]["code"] == "Request_UnsupportedQuery", bad
    client.sandbox.tenant.premium = False
    answer = client.ask(f"/users?$filter=signInActivity/lastSignInDateTime ge {since}")
    assert answer.json()["error"]["code"] == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


BASIC = {"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"}


def test_the_basic_permission_shows_the_basic_properties_and_no_more(make: Make) -> None:
    client = make(people=50)
    full = client.rows("/users?$select=id,mail,surname,jobTitle,accountEnabled,assignedLicenses")
    client.sandbox.tenant.permissions = {"User.ReadBasic.All"}
    client.renew()
    rows = client.rows("/users?$select=id,mail,surname,jobTitle,accountEnabled,assignedLicenses")
    for row, whole in zip(rows, full, strict=True):
        assert {n: row[n] for n in ("id", "mail", "surname")} == {n: whole[n] for n in ("id", "mail", "surname")}
        assert (row["jobTitle"], row["accountEnabled"], row["assignedLicenses"]) == (None, None, [])
    for row in client.rows("/users"):
        assert not any(value for name, value in row.items() if name not in BASIC)
    one = client.ask(f"/users/{rows[0]['id']}?$select=mail,accountEnabled").json()
    assert (one["mail"], one["accountEnabled"]) == (rows[0]["mail"], None)
    assert client.rows("/users?$filter=startsWith(surname,'B')")
    assert client.ask("/users?$filter=accountEnabled eq false").status_code == 403
    for path in ("/users/delta", "/subscribedSkus", f"/users/{rows[0]['id']}/licenseDetails"):
        assert client.ask(path).status_code == 403, path
    client.sandbox.tenant.permissions |= {"User.Read.All"}
    client.renew()
    assert any(row["assignedLicenses"] for row in client.rows("/users?$select=assignedLicenses"))
