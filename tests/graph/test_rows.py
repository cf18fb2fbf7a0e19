"""A page becomes rows; what is wrong with one row costs one row, what is not JSON costs the page."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatkeeper.errors import BrokenAnswer
from seatkeeper.graph.pages import to_rows
from seatkeeper.graph.rows import Unreadable, _to_rows_singly
from seatkeeper.model import BadRow

EXAMPLES = Path(__file__).parents[1] / "data" / "examples"


class Person(msgspec.Struct):
    ONCE: ClassVar = ("id",)

    id: str
    displayName: str | None = None  # noqa: N815 - Microsoft's name
    accountEnabled: bool | msgspec.UnsetType = msgspec.UNSET  # noqa: N815
    extra: msgspec.Raw = msgspec.Raw(b"null")


def body(*rows: str, more: str = "") -> bytes:
    return f'{{"value":[{",".join(rows)}]{more}}}'.encode("utf-8", "surrogatepass")


def test_a_good_page_is_decoded_and_missing_is_not_null() -> None:
    found = to_rows(body('{"id":"a"}', '{"id":"b","displayName":null,"new":[1]}'), Person)
    assert [person.id for person in found.rows] == ["a", "b"]
    assert found.bad == []
    assert found.next_link is msgspec.UNSET
    assert found.delta_link is msgspec.UNSET
    links = to_rows(body(more=',"@odata.nextLink":null,"@odata.deltaLink":"d"'), Person)
    assert (links.next_link, links.delta_link) == (None, "d")


BAD_ROWS = {
    '{"id":7}': "Expected `str`, got `int`",
    '{"displayName":"x"}': "missing required field `id`",
    '{"id":"a","accountEnabled":"true"}': "Expected `bool`",
    '{"id":"a","displayName":[]}': "Expected `str | null`",
    "null": "Expected `object`",
    "[]": "Expected `object`",
    '"text"': "Expected `object`",
    '{"id":"a","id":"b"}': "twice",
    '{"id":"a","extra":{"x":1,"x":2},"bad":"\\ud800"}': "twice",
    '{"id":"a","extra":{"id":"b"},"id":"c"}': "twice",
    '{"id":"a","accountEnabled":' + "9" * 5000 + "}": "too long",
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.items(), ids=range(len(BAD_ROWS)))
def test_one_bad_row_costs_one_row(row: str, reason: str) -> None:
    good = [f'{{"id":"{number}"}}' for number in range(999)]
    page = body(*good[:500], row, *good[500:], more=',"@odata.nextLink":"n"')
    found = to_rows(page, Person)
    assert [person.id for person in found.rows] == [str(number) for number in range(999)]
    assert [bad.raw.decode() for bad in found.bad] == [row]
    assert reason in found.bad[0].reason
    assert found.next_link == "n"


STORED = {
    r"Ada\u0000Moe": "Ada\ufffdMoe",
    r"\u0000": "\ufffd",
    r"\ud800": "\ufffd",
    r"x\uDFFFy": "x\ufffdy",
    r"\ud800\ud83d\ude00": "\ufffd😀",
    r"\ude00\ud83d": "\ufffd\ufffd",
    r"\ud83d\u0041": "\ufffdA",
    r"\ud83d\ud83d\ude00\ude00": "\ufffd😀\ufffd",
    r"a\\u0000": r"a\u0000",
    r"a\\\u0000": "a\\\ufffd",
    r"\u0001\ufffe\u202e": "\x01\ufffe\u202e",
    r"Zoe\u0308 \n": "Zoe\u0308 \n",
}


@pytest.mark.parametrize("sent", STORED)
def test_what_no_database_can_hold_becomes_the_sign_for_a_lost_character_and_all_else_stays(sent: str) -> None:
    row = f'{{"id":"a","{sent}":["{sent}"],"displayName":"{sent}"}}'
    for found in (to_rows(body('{"id":"b"}', row), Person), _to_rows_singly(body('{"id":"b"}', row), Person)):
        assert [person.displayName for person in found.rows] == [None, STORED[sent]]
        assert found.bad == []


def test_a_row_that_is_set_aside_is_kept_as_it_came() -> None:
    row = '{"id":7,"displayName":"\\ud800\\u0000"}'
    assert [bad.raw.decode() for bad in to_rows(body(row), Person).bad] == [row]


def test_a_bad_row_does_not_show_its_content() -> None:
    found = to_rows(body('{"id":7,"displayName":"Grace Hopper"}'), Person)
    assert "Grace" not in repr(found.bad)
    assert "Grace" not in found.bad[0].reason


GOOD = '{"value":[{"id":"a"}]}'
NOT_JSON = {
    "empty": b"",
    "blank": b" ",
    "cut": GOOD[:-1].encode(),
    "cut in a row": GOOD[:-6].encode(),
    "cut in a number": b'{"value":[{"id":1',
    "rest": GOOD.encode() + b"x",
    "two": (GOOD + GOOD).encode(),
    "mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "utf-16": GOOD.encode("utf-16"),
    "utf-32": GOOD.encode("utf-32-le"),
    "latin-1": GOOD.replace("a", "é").encode("latin-1"),
    "not a number": b'{"value":[{"id":NaN}]}',
    "infinity": b'{"value":[{"id":"a","x":-Infinity}]}',
    "deep": b'{"value":[{"id":"a","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}]}",
    "deep and open": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "comma": b'{"value":[{"id":"a"},]}',
    "comma in the object": b'{"value":[],}',
    "single quotes": b"{'value':[]}",
    "no key": b"{1:2}",
    "page": b"<html></html>",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_refused_whole(name: str) -> None:
    with pytest.raises(Unreadable):
        to_rows(NOT_JSON[name], Person)


NOT_A_LIST = {
    "no value": b"{}",
    "value null": b'{"value":null}',
    "value true": b'{"value":true}',
    "value object": b'{"value":{}}',
    "value text": b'{"value":"x"}',
    "error": b'{"error":{"code":"x"}}',
    "error beside rows": b'{"value":[],"error":{"code":"x"}}',
    "error beside a bad row": b'{"value":[7],"error":{"code":"x"}}',
    "value twice": b'{"value":[{"id":"a"}],"value":[]}',
    "link twice": b'{"value":[],"@odata.nextLink":"a","@odata.nextLink":"b"}',
    "delta twice": b'{"value":[],"@odata.deltaLink":"a","@odata.deltaLink":"a"}',
    "link number": b'{"value":[],"@odata.nextLink":7}',
    "link list": b'{"value":[],"@odata.nextLink":["a"]}',
    "link false": b'{"value":[],"@odata.nextLink":false}',
    "delta object": b'{"value":[],"@odata.deltaLink":{}}',
}


@pytest.mark.parametrize("name", NOT_A_LIST)
def test_json_that_is_no_list_is_refused_whole(name: str) -> None:
    with pytest.raises(BrokenAnswer) as refused:
        to_rows(NOT_A_LIST[name], Person)
    assert not isinstance(refused.value, Unreadable)


LISTS = [
    "docs_users_list_default",
    "docs_signins_list",
    "docs_subscribedSkus",
    "invented_signins_v1",
    "invented_users_select_licensing",
    "invented_users_delta_change",
]


@pytest.mark.parametrize("name", LISTS)
def test_microsofts_documented_answers_are_decoded_on_both_paths(name: str) -> None:
    text = (EXAMPLES / f"{name}.json").read_bytes()
    answer = json.loads(text)
    rows = answer["value"]
    for found in (to_rows(text, dict), _to_rows_singly(text, dict)):
        assert found.rows == rows
        assert found.bad == []
        assert found.next_link == answer.get("@odata.nextLink", msgspec.UNSET)
        assert found.delta_link == answer.get("@odata.deltaLink", msgspec.UNSET)


def test_every_documented_list_is_in_the_test_above() -> None:
    lists = {
        file.stem
        for file in [*EXAMPLES.glob("docs_*.json"), *EXAMPLES.glob("invented_*.json")]
        if "value" in json.loads(file.read_text())
    }
    assert lists == set(LISTS)


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_ROWS = st.lists(
    st.one_of(st.builds(lambda name, more: {**more, "id": name}, st.text(), st.dictionaries(st.text(), _JSON)), _JSON)
)


@given(_ROWS, st.sampled_from([(",", ":"), (" , ", " : "), (",\n\t", ":\r")]), st.booleans())
def test_no_row_is_lost_or_invented(rows: list[Any], marks: tuple[str, str], ascii_only: bool) -> None:
    text = json.dumps({"value": rows, "x": 1}, separators=marks, ensure_ascii=ascii_only)
    raw = text.encode("utf-8")
    found = to_rows(raw, Person)
    singly = _to_rows_singly(raw, Person)
    assert len(found.rows) + len(found.bad) == len(rows)
    assert [person.id for person in singly.rows] == [person.id for person in found.rows]
    ids = [person.id for person in found.rows]
    assert ids == [row["id"].replace("\0", "\ufffd") for row in rows if isinstance(row, dict) and _is_good(row)]
    for bad in found.bad:
        assert json.loads(bad.raw) in rows


def _is_good(row: dict[str, Any]) -> bool:
    return not to_rows(json.dumps({"value": [row]}).encode(), Person).bad


@given(st.binary())
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    for text in (raw, b'{"value":[' + raw + b"]}", b'{"value":[],' + raw + b"}"):
        try:
            found = to_rows(text, Person)
        except BrokenAnswer:
            continue
        assert all(isinstance(bad, BadRow) for bad in found.bad)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"value":[' + b",".join([b"{}"] * 10_001) + b"]}",
        b'{"value":[' + b",".join([b'{"id":"x"}'] * 10_001) + b"]}",
        b'{"value":[{"id":"x","more":[' + b",".join([b"[]"] * 2_000_002) + b"]}]}",
    ],
    ids=["empty rows", "good rows", "values in a row"],
)
def test_an_answer_of_more_rows_or_values_than_microsoft_sends_is_refused_before_it_fills_the_memory(
    answer: bytes,
) -> None:
    tracemalloc.start()
    with pytest.raises(BrokenAnswer, match="more than"):
        to_rows(answer, Person)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * 1024 * 1024
