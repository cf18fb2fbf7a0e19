"""A field that comes twice in a row: the decoder would keep the last of two, and nobody would know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seatkeeper.connectors.microsoft.access import Event
from seatkeeper.connectors.microsoft.licenses import SubscribedSku
from seatkeeper.connectors.microsoft.roster import User
from seatkeeper.graph import rows
from seatkeeper.graph.pages import to_rows

EXAMPLES = Path(__file__).parents[1] / "data" / "examples"
USER = '{"id":"a","userPrincipalName":"a@x.example","accountEnabled":true,"assignedLicenses":[{"skuId":"s"}]'
EVENT = (
    '{"id":"e","createdDateTime":"2026-07-01T00:00:00Z","userId":"u","appId":"p","status":{"errorCode":0}'
    ',"appliedConditionalAccessPolicies":[{"id":"one"},{"id":"two"}]'
)
MOVED = '{"createdDateTime":"2026-07-01T00:00:00Z","id":"e","userId":"u","appId":"p","status":{"errorCode":0}'
SKU = '{"skuId":"s","skuPartNumber":"P","consumedUnits":1,"prepaidUnits":{"enabled":2}'


def body(*some: str) -> bytes:
    return f'{{"value":[{",".join(some)}]}}'.encode()


TWICE = [
    (User, USER, '"id":"b"'),
    (User, USER, '"assignedLicenses":[]'),
    (User, USER, '"accountEnabled":false'),
    (Event, EVENT, '"id":"f"'),
    (Event, MOVED, '"id":"f"'),
    (Event, EVENT, '"createdDateTime":"2026-07-02T00:00:00Z"'),
    (Event, EVENT, '"userId":"v"'),
    (Event, EVENT, '"appId":"q"'),
    (Event, EVENT, '"status":{"errorCode":50126}'),
    (SubscribedSku, SKU, '"skuId":"t"'),
    (SubscribedSku, SKU, '"consumedUnits":9'),
]


@pytest.mark.parametrize(("row", "text", "again"), TWICE)
@pytest.mark.parametrize("others", [0, 1, 998])
def test_a_row_that_says_a_field_twice_is_set_aside_alone(row: Any, text: str, again: str, others: int) -> None:
    found = to_rows(body(*[text + "}"] * others, f"{text},{again}}}"), row)
    assert len(found.rows) == others
    assert [bad.reason for bad in found.bad] == ["a field comes twice"]


@pytest.mark.parametrize(("row", "text"), dict.fromkeys((row, text) for row, text, _ in TWICE))
def test_rows_as_they_should_be_are_read_the_fast_way(row: Any, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_to_rows_singly", None)
    assert len(to_rows(body(text + "}", text + "}"), row).rows) == 2
    assert to_rows(body(), row).rows == []


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("docs_users_list_default", User),
        ("docs_signins_list", Event),
        ("docs_subscribedSkus", SubscribedSku),
        ("invented_signins_v1", Event),
        ("invented_users_select_licensing", User),
        ("invented_users_delta_change", User),
    ],
)
def test_microsofts_documented_answers_are_read_the_fast_way(
    name: str, row: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.loads((EXAMPLES / f"{name}.json").read_text())
    monkeypatch.setattr(rows, "_to_rows_singly", None)
    found = to_rows(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode(), row)
    assert len(found.rows) == len(answer["value"])
