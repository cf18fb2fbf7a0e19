"""Names of groups are asked for by id, in pieces that Graph takes; who is not in an answer is said to be gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.connectors.base import Connector, Group, RecordPage
from seatkeeper.connectors.microsoft import groups
from seatkeeper.connectors.microsoft.groups import GroupRow, read_again, to_group
from seatkeeper.connectors.microsoft.licensing import list_groups
from seatkeeper.connectors.microsoft.vendor import MICROSOFT
from seatkeeper.model import Key, to_id, to_key
from seatkeeper.sandbox.graph import groups as endpoint
from seatkeeper.sandbox.graph import lists
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.groups import OTHERS
from seatkeeper.sandbox.world.tenant import Settings
from tests.conftest import Unpaced
from tests.people import NOW

GUID = "0d7a2a63-1111-4111-8111-00000000000{}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings=Settings(people=20, now=NOW, frozen=True)) as opened:
        yield opened


@contextmanager
def reader(sandbox: Sandbox) -> Iterator[Connector]:
    typed = {
        "tenant_id": sandbox.tenant_id,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "login_url": sandbox.login_url,
        "graph_url": sandbox.graph_url,
        "ca_file": Path(sandbox.ca_file).read_text(),
    }
    with MICROSOFT.open(MICROSOFT.check_form(typed, None), Unpaced()) as connector:
        yield connector


def read(sandbox: Sandbox, keys: list[Key]) -> list[RecordPage[Group]]:
    with reader(sandbox) as connector:
        return list(connector.read_groups(keys))


def told(sandbox: Sandbox) -> dict[Key, str]:
    return {to_key(row["id"]): row["name"] for row in sandbox.truth()["groups"]}


def test_forty_ids_are_three_questions_and_each_is_answered_or_gone(sandbox: Sandbox) -> None:
    known = told(sandbox)
    strange = [to_key(f"0d7a2a63-1111-4111-8111-{number:012d}") for number in range(40 - len(known))]
    pages = read(sandbox, [*known, *strange])
    assert [page.last for page in pages] == [False, False, True]
    assert {group.key: group.name for page in pages for group in page.records} == known
    assert sorted(key for page in pages for key in page.removed) == sorted(strange)
    asked = [entry for entry in sandbox.ledger if entry["path"] == "/v1.0/groups"]
    assert [entry["method"] for entry in asked] == ["GET"] * 3
    assert all("select=id,displayName" in entry["query"].replace("%2C", ",") for entry in asked)


def test_nobody_is_asked_about_no_ids_nor_about_what_is_no_guid(sandbox: Sandbox) -> None:
    assert read(sandbox, []) == []
    assert read(sandbox, [to_key("x') or id ne ('y")]) == []
    assert not [entry for entry in sandbox.ledger if "groups" in entry["path"]]


@pytest.mark.parametrize("wrong", [{"id": 7}, {"id": ""}, {"mailNickname": 1, "id": None}])
def test_while_a_row_is_not_understood_nobody_of_its_answer_is_called_gone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    plain, known = endpoint._row, list(told(sandbox))
    first = to_id(known[0])
    monkeypatch.setattr(endpoint, "_row", lambda t, group: plain(t, group) | (wrong if group.id == first else {}))
    monkeypatch.setattr(lists, "_test", lambda *_: lambda row: row["displayName"] not in OTHERS)
    (page,) = read(sandbox, [*known, to_key(GUID.format(1))])
    assert len(page.bad) == 1
    assert {group.key for group in page.records} == set(known[1:])
    assert page.removed == []


def test_a_group_that_was_not_asked_for_is_left_out(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_test", lambda *_: lambda _row: True)
    one = next(iter(told(sandbox)))
    (page,) = read(sandbox, [one])
    assert [group.key for group in page.records] == [one]
    assert page.left_out == 8


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Project users", "Project users"), (" a \n b ", "a b"), (None, ""), ("x" * 999, "x" * groups.LONGEST)],
)
def test_a_name_is_one_line_and_no_longer_than_microsoft_allows(name: str | None, kept: str) -> None:
    assert to_group(GroupRow(GUID.format(1), name)) == Group(to_key(GUID.format(1)), kept)


def test_a_row_that_was_set_aside_is_read_again_by_itself() -> None:
    assert read_again(json.dumps({"id": GUID.format(2).upper(), "displayName": "A\0B"}).encode()).name == "A\ufffdB"
    for raw in (b"{}", b'{"id": null}', b'{"id": "a\\u0000b"}', b"[]", b'{"id": "a", "id": "b"}'):
        with pytest.raises(ValueError, match=r"\w"):
            read_again(raw)


def test_the_groups_of_a_licence_are_those_that_its_assignments_name() -> None:
    a, b, sku = GUID.format(1), GUID.format(2), GUID.format(9)
    states = [
        {"skuId": sku, "assignedByGroup": b},
        {"skuId": sku, "assignedByGroup": None},
        {"skuId": sku, "assignedByGroup": a, "state": "Error"},
        {"assignedByGroup": a},
        {"skuId": sku, "assignedByGroup": b},
    ]
    text = json.dumps({"held": "nonsense", "states": states})
    assert list_groups(text) == [(to_key(sku), to_key(a)), (to_key(sku), to_key(b))]
    for other in ("", "{}", "[]", '{"states": 7}', '{"states": null}', "\ud800", "[" * 100_000):
        assert list_groups(other) == []
