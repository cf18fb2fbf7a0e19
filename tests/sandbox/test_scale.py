"""A million people, without a list of them."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from .client import Client
from .conftest import Make

pytestmark = pytest.mark.deep


def _seconds(client: Client, path: str) -> float:
    begin = time.perf_counter()
    assert client.ask(path).status_code == 200
    return time.perf_counter() - begin


def test_a_million_people_answer_without_being_listed_in_memory(make: Make) -> None:
    tracemalloc.start()  # it slows everything down, so only what would make a list is traced
    try:
        client = make(people=1_000_000)
        assert len(client.ask("/users?$top=999&$select=id").json()["value"]) == 999
        assert tracemalloc.get_traced_memory()[1] < 300_000_000
    finally:
        tracemalloc.stop()
    log = "/auditLogs/signIns?$filter=appId eq 'f53895d3-095d-408f-8e93-8f94b391404e'"
    page = client.ask(log).json()
    assert len(page["value"]) == 1000
    assert len(client.ask(page["@odata.nextLink"]).json()["value"]) == 1000


def test_one_of_a_million_is_found_by_id_and_name_without_looking_at_the_others(make: Make) -> None:
    client = make(people=1_000_000)
    directory = client.sandbox.tenant.directory
    for number in (17, 1_015, 123_456, 999_999):
        person = directory.original(number)
        assert client.ask(f"/users/{person.id}").json()["userPrincipalName"] == person.upn
        assert client.ask(f"/users/{person.upn.replace('#', '%23')}").json()["id"] == person.id
    ids = {directory.original(number).id for number in range(0, 1_000_000, 997)}
    assert len(ids) == 1_004


def test_the_last_pages_of_a_million_end_with_the_last_person(make: Make) -> None:
    client = make(people=40_018)
    rows = client.rows("/users?$top=999&$select=id,userPrincipalName")
    assert (
        len(rows)
        == len({row["id"] for row in rows})
        == len({row["userPrincipalName"].lower() for row in rows})
        == 40_018
    )
    assert rows[-1]["id"] == client.sandbox.tenant.directory.original(40_017).id


def test_a_week_of_changes_among_many_costs_little(make: Make) -> None:
    client = make(people=200_000, days=1)
    begin = time.perf_counter()
    client.sandbox.tenant.move(days=6)
    client.renew()
    page = client.ask("/users?$top=999&$select=id,userPrincipalName,accountEnabled").json()
    assert time.perf_counter() - begin < 60  # a scan of everybody for each change would take hours
    assert len(page["value"]) == 999
    assert len(client.sandbox.tenant.directory.log) > 2_000
