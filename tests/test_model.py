"""Times to 100 ns and compact ids, both ways."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatkeeper.app_uses import AppUse, to_app_use
from seatkeeper.model import LOST, TICKS, Secret, to_id, to_instant, to_key, to_text


@pytest.mark.parametrize(
    "text",
    ["2020-03-13T19:15:41.6195833Z", "2026-08-01T05:41:09Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"],
)
def test_a_time_survives_both_ways(text: str) -> None:
    assert to_text(to_instant(text)) == text


def test_two_events_within_one_microsecond_are_two() -> None:
    assert to_instant("2020-03-13T19:15:41.6195833Z") + 6 == to_instant("2020-03-13T19:15:41.6195839Z")


def test_a_leap_second_is_the_next_second() -> None:
    assert to_text(to_instant("2016-12-31T23:59:60Z")) == "2017-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-08-01T05:41:09+02:00", "2026-08-01T03:41:09Z"),
        ("2026-07-31T22:00:00.5-07:30", "2026-08-01T05:30:00.5Z"),
        ("2026-08-01T05:41:09-00:00", "2026-08-01T05:41:09Z"),
        ("2026-08-01T05:41Z", "2026-08-01T05:41:00Z"),
        ("2026-08-01t05:41:09z", "2026-08-01T05:41:09Z"),
        ("2026-08-01T05:41:09.123456789012Z", "2026-08-01T05:41:09.1234567Z"),
        ("9999-12-31T23:59:59+14:00", "9999-12-31T09:59:59Z"),
    ],
)
def test_every_legal_time_with_an_offset_is_read(text: str, same: str) -> None:
    assert to_text(to_instant(text)) == same


WRONG_TIMES = """
2026-08-01
2026-08-01T05:41:09
2026-08-01T24:00:00Z
2026-02-30T00:00:00Z
2026-08-01T05:41:09+2:00
2026-08-01T05:41:09+24:00
2026-08-01T05:41:09+0200
0001-01-01T00:00:00+00:01
9999-12-31T23:59:59-00:01
2026-08-01T05:41:09.Z
2026-08-01T05:41:09.1234567890123Z
２０26-08-01T05:41:09Z
2026-08-01 05:41:09Z
9999-12-31T23:59:60Z
"""


@pytest.mark.parametrize("text", ["", *WRONG_TIMES.split("\n")])
def test_what_is_not_microsofts_form_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|day"):
        to_instant(text)


@given(st.integers(min_value=-621355968000000000, max_value=253402300799 * TICKS))
def test_every_instant_survives_both_ways(instant: int) -> None:
    assert to_instant(to_text(instant)) == instant


@pytest.mark.parametrize(
    ("instant", "text"), [(2**63 - 1, "9999-12-31T23:59:59.9999999Z"), (-(2**63), "0001-01-01T00:00:00Z")]
)
def test_an_instant_beyond_the_calendar_is_written_as_its_end(instant: int, text: str) -> None:
    assert to_text(instant) == text


def _is_whole(text: str) -> bool:
    return not {"\0", LOST} & set(text)


@given(st.one_of(st.uuids().map(str), st.text(min_size=1, max_size=256).filter(_is_whole)))
def test_every_id_survives_both_ways(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert to_id(to_key(text)) in (text, text.lower())


@given(st.uuids().map(str), st.text(min_size=1, max_size=40).filter(_is_whole))
def test_a_guid_and_another_text_never_share_a_key(guid: str, text: str) -> None:
    if text.isascii() and text.lower() != guid:
        assert to_key(guid) != to_key(text)


@pytest.mark.parametrize("text", ["", "a\0b", f"a{LOST}", "\ud800", "x" * 257])
def test_an_id_that_lost_a_character_or_has_no_end_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"id|surrogates"):
        to_key(text)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("s3cr3t~value")
    assert "s3cr3t" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (AppUse("a"), "a"),
        (AppUse("a", away=True), "a elsewhere"),  # as it has always been stored
        (AppUse("a", "b"), "a to b"),
        (AppUse("", "b", away=True), "- to b elsewhere"),
        (AppUse("a", "b", kind="non-interactive"), "a to b non-interactive"),
        (AppUse("", "b", away=True, kind="non-interactive"), "- to b elsewhere non-interactive"),
        (AppUse("elsewhere", "to"), "elsewhere to to"),
    ],
)
def test_what_a_sign_in_was_to_has_one_name_that_can_be_read_back(use: AppUse, name: str) -> None:
    assert use.name == name
    assert to_app_use(name) == use
