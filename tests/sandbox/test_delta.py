"""GET /users/delta while the tenant lives."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, example, same_shape
from .conftest import Make

SELECT = "id,displayName,userPrincipalName,accountEnabled,surname,assignedLicenses,assignedPlans"


def _round(client: Client, path: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All rows of a round and its delta link."""
    pages = list(client.pages(path, **headers))
    assert all(("@odata.nextLink" in page) != ("@odata.deltaLink" in page) for page in pages)
    return [row for page in pages for row in page["value"]], pages[-1]["@odata.deltaLink"]


def _apply(state: dict[str, dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if "@removed" in row:
            state.pop(row["id"], None)
        else:
            state.setdefault(row["id"], {}).update(row)


@pytest.mark.parametrize("prefer", ["", "return=minimal"])
@pytest.mark.parametrize("start", ["first round", "latest"])
def test_changes_applied_to_the_first_list_make_the_list_of_today(make: Make, prefer: str, start: str) -> None:
    client = make(people=600, churn=40)
    state: dict[str, dict[str, Any]] = {}
    headers = {"Prefer": prefer} if prefer else {}
    if start == "latest":
        rows, link = _round(client, f"/users/delta?$deltatoken=latest&$select={SELECT}")
        assert rows == []
        _apply(state, client.rows(f"/users?$top=999&$select={SELECT}"))
    else:
        rows, link = _round(client, f"/users/delta?$select={SELECT}")
        _apply(state, rows)
    for days in (1, 3):
        client.sandbox.tenant.move(days=days)
        client.renew()
        rows, link = _round(client, link, **headers)
        assert any("@removed" in row for row in rows)
        _apply(state, rows)
        assert state == {row["id"]: row for row in client.rows(f"/users?$top=999&$select={SELECT}")}


def test_every_kind_of_change_happens(make: Make) -> None:
    client = make(people=600, churn=100)
    client.sandbox.tenant.move(days=3)
    kinds = {change.kind for change in client.sandbox.tenant.directory.log}
    assert kinds == {"join", "leave", "rename", "gain", "lose", "block", "return", "swap"}


def test_a_minimal_round_carries_only_what_changed(make: Make) -> None:
    client = make(people=600, churn=100)
    _, link = _round(client, f"/users/delta?$deltatoken=latest&$select={SELECT}")
    client.sandbox.tenant.move(days=2)
    client.renew()
    rows, _ = _round(client, link, Prefer="return=minimal")
    shapes = {tuple(row) for row in rows}
    assert ("id", "assignedLicenses", "assignedPlans") in shapes
    full, _ = _round(client, link)
    assert {tuple(row) for row in full} == {tuple(SELECT.split(",")), ("id", "@removed")}
    assert [row["id"] for row in rows] == [row["id"] for row in full]


def test_only_changes_of_selected_properties_are_told(make: Make) -> None:
    client = make(people=600, churn=100)
    _, link = _round(client, "/users/delta?$deltatoken=latest&$select=accountEnabled")
    client.sandbox.tenant.move(days=2)
    client.renew()
    rows, _ = _round(client, link)
    directory = client.sandbox.tenant.directory
    happened = directory.log[: directory.happened]
    touched = {change.number for change in happened if change.kind in {"block", "join", "leave"}}
    assert len(rows) == len(touched)


def test_a_round_pages_as_the_client_prefers(make: Make) -> None:
    client = make()
    page = client.ask("/users/delta", Prefer="odata.maxpagesize=7").json()
    assert len(page["value"]) == 7
    rows = client.rows("/users/delta", Prefer="odata.maxpagesize=7")
    assert len({row["id"] for row in rows}) == 120


def test_a_delta_link_is_good_for_seven_days(make: Make) -> None:
    client = make()
    _, link = _round(client, "/users/delta")
    client.sandbox.tenant.move(days=8)
    client.renew()
    answer = client.ask(link)
    assert answer.status_code == 410
    same_shape(answer.json(), example("error_410_delta_gone"))
    again = client.ask(answer.headers["location"])
    assert again.status_code == 200
    assert len(again.json()["value"]) > 100
    client.sandbox.tenant.move(days=23)
    client.renew()
    same_shape(client.ask(link).json(), example("error_400_delta_too_old"))


@pytest.mark.parametrize("query", ["$top=5", "$orderby=mail", "$search=x", "$expand=manager", "$filter=mail eq 'x'"])
def test_what_delta_does_not_do_is_refused(shared: Client, query: str) -> None:
    assert shared.ask(f"/users/delta?{query}").status_code == 400


def test_delta_may_be_limited_to_ids(shared: Client) -> None:
    ids = [row["id"] for row in shared.ask("/users?$top=3").json()["value"]]
    text = " or ".join(f"id eq '{id_}'" for id_ in ids)
    rows, _ = _round(shared, f"/users/delta?$filter={text}")
    assert [row["id"] for row in rows] == ids
