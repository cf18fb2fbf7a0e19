"""GET /users: pages, properties, filters and their refusals."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from typing import Any
from urllib.parse import quote

import pytest

from .client import Client, costing_less_than, example, same_shape
from .conftest import Make

LICENSING = (
    "id,userPrincipalName,mail,givenName,surname,displayName,userType,accountEnabled,createdDateTime,assignedLicenses,"
    "assignedPlans,licenseAssignmentStates"
)


@pytest.mark.parametrize("size", [1, 7, 99, 100, 299, 300, 301, 999])
def test_pages_of_any_size_have_everybody_exactly_once(shared: Client, size: int) -> None:
    pages = list(shared.pages(f"/users?$top={size}&$select=id"))
    ids = [row["id"] for page in pages for row in page["value"]]
    assert len(ids) == len(set(ids)) == 300
    assert all(len(page["value"]) == size for page in pages[:-1])


def test_the_default_page_is_100_and_has_eleven_properties(shared: Client) -> None:
    page = shared.ask("/users").json()
    assert len(page["value"]) == 100
    documented = example("docs_users_list_default")
    assert page["@odata.context"].endswith("/v1.0/$metadata#users")
    assert all(set(row) == set(documented["value"][0]) for row in page["value"])


def test_a_selection_is_as_documented(shared: Client) -> None:
    documented = example("invented_users_select_licensing")
    page = shared.ask(f"/users?$select={LICENSING}&$top=10").json()
    assert page["@odata.context"].partition("$metadata")[2] == documented["@odata.context"].partition("$metadata")[2]
    assert list(page) == list(documented)
    for row in page["value"]:
        assert list(row) == LICENSING.split(",")
        for name in ("assignedLicenses", "assignedPlans", "licenseAssignmentStates"):
            for part in row[name]:
                assert set(part) == set(documented["value"][0][name][0])


def test_the_next_link_repeats_the_query_and_is_opaque(shared: Client) -> None:
    link = shared.ask(f"/users?$top=50&$select={quote('id,mail')}").json()["@odata.nextLink"]
    assert link.startswith(f"{shared.sandbox.graph_url}/v1.0/users?$top=50&$select=id%2Cmail&$skiptoken=")


@pytest.mark.parametrize("spoil", ["tampered", "other query", "nonsense", "no base64"])
def test_a_page_token_that_is_not_of_this_query_is_refused_as_expired(shared: Client, spoil: str) -> None:
    link = shared.ask("/users?$top=5").json()["@odata.nextLink"]
    link = {
        "tampered": link[:-6] + ("AAAAAA" if link[-6:] != "AAAAAA" else "BBBBBB"),
        "other query": link.replace("$top=5", "$top=6"),
        "nonsense": link.partition("$skiptoken=")[0] + "$skiptoken=abcdef",
        "no base64": link.partition("$skiptoken=")[0] + "$skiptoken=%ff%00{}",
    }[spoil]
    answer = shared.ask(link)
    assert answer.status_code == 400
    same_shape(answer.json(), example("error_400_users_expired_page_token"))
    assert answer.json()["error"]["message"] == example("error_400_users_expired_page_token")["error"]["message"]


def test_a_page_token_expires(make: Make) -> None:
    client = make()
    link = client.ask("/users?$top=5").json()["@odata.nextLink"]
    client.sandbox.tenant.move(hours=2)
    client.renew()
    assert client.ask(link).json()["error"]["code"] == "Directory_ExpiredPageToken"


# The request that makes each documented error, and the exact message.
@pytest.mark.parametrize(
    ("name", "status", "path"),
    [
        ("error_400_users_page_size", 400, "/users?$top=1000"),
        ("error_400_users_count_without_consistency", 400, "/users/$count"),
        ("error_400_users_unsupported_query", 400, "/users?$filter=endsWith(mail,'@x.example')"),
        (
            "error_400_users_complex_query",
            400,
            (
                "/users?$filter=assignedPlans/any(p:p/servicePlanId eq fafd7243-e5c1-4a3a-9e40-495efcb1d3c3"
                " and p/capabilityStatus eq 'Enabled')"
            ),
        ),
        ("error_501_NotImplemented_select", 501, "/users?$select=id,skills"),
        ("error_404_Request_ResourceNotFound", 404, "/users/aaaaaaaa-0000-4000-8000-000000000000"),
        ("error_400_delta_signInActivity", 400, "/users/delta?$select=signInActivity"),
    ],
)
def test_errors_are_those_of_microsoft_key_by_key(shared: Client, name: str, status: int, path: str) -> None:
    answer = shared.ask(path)
    assert answer.status_code == status
    same_shape(answer.json(), example(name))
    assert answer.json()["error"]["message"] == example(name)["error"]["message"]


@pytest.mark.parametrize("top", ["0", "-1", "1000", "99999999999999999999", "x", "1e3", "٣", ""])
def test_a_bad_page_size_is_refused(shared: Client, top: str) -> None:
    answer = shared.ask(f"/users?$top={quote(top)}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"Request_BadRequest", "BadRequest"}


@pytest.mark.parametrize(
    "query",
    [
        "$select=nonsense",
        "$skip=5",
        "$orderby=mail",
        "$search=x",
        "$expand=manager",
        "$nonsense=1",
        "$filter=",
        "$count=x",
    ],
)
def test_what_the_directory_does_not_do_is_refused_and_not_ignored(shared: Client, query: str) -> None:
    answer = shared.ask(f"/users?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"BadRequest", "Request_UnsupportedQuery"}


def _everybody(shared: Client) -> list[dict[str, Any]]:
    return shared.rows(f"/users?$top=999&$select={LICENSING}")


THREE = "53818b1b-4a27-454b-8896-0dba576410e6"


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("accountEnabled eq false", lambda u: u["accountEnabled"] is False),
        ("accountEnabled eq true and userType eq 'guest'", lambda u: u["accountEnabled"] and u["userType"] == "Guest"),
        (f"assignedLicenses/any(x:x/skuId eq {THREE})", lambda u: THREE in [x["skuId"] for x in u["assignedLicenses"]]),
        ("startsWith(userPrincipalName,'MA')", lambda u: u["userPrincipalName"].lower().startswith("ma")),
        ("userPrincipalName eq 'PAT.rask@northwind.EXAMPLE'", lambda u: u["givenName"] == "Pat"),
        ("createdDateTime ge 2024-01-01T00:00:00Z", lambda u: (u["createdDateTime"] or "") >= "2024-01-01"),
        ("surname eq 'Olsen' or surname in ('Rossi', 'Silva')", lambda u: u["surname"] in {"Olsen", "Rossi", "Silva"}),
        (
            "(accountEnabled eq false) or givenName eq 'Ada'",
            lambda u: not u["accountEnabled"] or u["givenName"] == "Ada",
        ),
    ],
)
def test_filters_mean_what_they_say(shared: Client, text: str, test: Any) -> None:
    wanted = [user["id"] for user in _everybody(shared) if test(user)]
    assert wanted
    got = [row["id"] for row in shared.rows(f"/users?$top=7&$select=id&$filter={quote(text)}")]
    assert got == wanted


def test_people_are_found_by_id_and_by_name_in_any_case(shared: Client) -> None:
    people = _everybody(shared)
    ids = ",".join(f"'{user['id']}'" for user in people[5:9])
    assert len(shared.rows(f"/users?$filter=id in ({ids})")) == 4
    for user in people[::23]:
        for key in (user["id"], user["userPrincipalName"], user["userPrincipalName"].upper()):
            answer = shared.ask(f"/users/{quote(key)}")
            assert answer.status_code == 200
            assert answer.json()["id"] == user["id"]


@pytest.mark.parametrize("text", ["not(accountEnabled eq true)", "accountEnabled ne true", "officeLocation eq 'x'"])
def test_advanced_filters_need_both_parameters(shared: Client, text: str) -> None:
    path = f"/users?$filter={quote(text)}"
    assert shared.ask(path).json()["error"]["code"] == "Request_UnsupportedQuery"
    assert shared.ask(path + "&$count=true").status_code == 400
    assert shared.ask(path, ConsistencyLevel="eventual").status_code == 400
    assert shared.ask(path + "&$count=true", ConsistencyLevel="eventual").status_code == 200


def test_the_count_is_on_the_first_page_only(shared: Client) -> None:
    pages = list(shared.pages("/users?$top=150&$count=true", ConsistencyLevel="eventual"))
    assert [page.get("@odata.count") for page in pages] == [300, None]
    assert "@odata.count" not in shared.ask("/users?$count=true").json()
    assert shared.ask("/users/$count", ConsistencyLevel="eventual").content.decode("utf-8-sig") == "300"


def test_sign_in_activity_caps_the_page_at_500(make: Make) -> None:
    client = make(people=700)
    page = client.ask("/users?$top=999&$select=id,signInActivity").json()
    assert len(page["value"]) == 500
    known = [row["signInActivity"] for row in page["value"] if "signInActivity" in row]
    assert 0 < len(known) < 500
    assert "signInActivity" not in page["value"][1]  # Bo never came
    assert client.ask("/users/bo.dahl@northwind.example?$select=signInActivity").status_code == 400


HOSTILE = [
    "(" * 5000,
    "not " * 5000 + "accountEnabled eq true",
    "accountEnabled eq true" + " and accountEnabled eq true" * 600,
    "'" * 9999,
    "id eq '" + "a" * 15_000 + "'",
    "((((accountEnabled eq true",
    "assignedLicenses/any(x:" * 50,
    "\x00\ud7ff%ff",
    "1 eq 1",
    "accountEnabled eq 12345678901234567890123456789",
    "createdDateTime ge 2026-13-45T99:99:99Z",
]


@pytest.mark.parametrize("endpoint", ["/users", "/auditLogs/signIns", "/users/delta"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_filter_is_answered_like_any_other(shared: Client, endpoint: str, text: str) -> None:
    with costing_less_than(2):
        answer = shared.ask(f"{endpoint}?$filter={quote(text)}")
    assert answer.status_code in {200, 400}


def test_a_filter_of_a_megabyte_is_refused_at_once(shared: Client) -> None:
    context = ssl.create_default_context(cafile=shared.sandbox.ca_file)
    line = http.client.HTTPSConnection(shared.sandbox.graph_url.removeprefix("https://"), context=context, timeout=5)
    line.request("GET", "/v1.0/users?$filter=" + "a" * 1_000_000, headers={"Authorization": f"Bearer {shared.token}"})
    answer = line.getresponse()
    assert (answer.status, json.load(answer)["error"]["code"]) == (400, "BadRequest")
    line.close()


def test_every_answer_carries_the_documented_headers(shared: Client) -> None:
    for path in ("/users?$top=1", "/users?$top=0", "/subscribedSkus", "/nonsense"):
        answer = shared.ask(path, client_request_id="my-own-id")
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["request-id"])
        assert answer.headers["client-request-id"] == "my-own-id"
        assert answer.headers["odata-version"] == "4.0"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "ServerInfo" in answer.headers["x-ms-ags-diagnostic"]
        assert int(answer.headers["x-ms-resource-unit"]) >= 1
    ok = shared.ask("/users?$select=id")
    assert ok.headers["content-type"] == (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    )
    assert ok.headers["x-ms-resource-unit"] == "1"
    assert shared.ask("/users").headers["x-ms-resource-unit"] == "2"
    assert shared.ask("/subscribedSkus").headers["x-ms-resource-unit"] == "3"


def test_the_small_endpoints_have_the_documented_shape(shared: Client) -> None:
    skus = shared.ask("/subscribedSkus").json()
    documented = example("docs_subscribedSkus")["value"][0]
    for row in skus["value"]:
        assert list(row) == list(documented)
        assert list(row["prepaidUnits"]) == list(documented["prepaidUnits"])
        assert set(row["servicePlans"][0]) == set(documented["servicePlans"][0])
    assert list(shared.ask("/subscribedSkus?$select=skuId").json()["value"][0]) == ["skuId"]
    organization = shared.ask("/organization").json()["value"][0]
    assert organization["id"] == shared.sandbox.tenant_id
    assert [plan["service"] for plan in organization["assignedPlans"]] == ["AADPremiumService"]
