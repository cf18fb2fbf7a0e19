"""A sealed credential opens with our key, in its place, unchanged; else it says why not."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from seatkeeper.errors import BadSetting
from seatkeeper.store.seal import open_sealed, seal

CANARY = "s3cr3t~Canary.Value"


@pytest.fixture
def blob() -> bytes:
    return seal(CANARY, 1, 7)


def test_it_opens_in_its_place(blob: bytes) -> None:
    assert open_sealed(blob, 1, 7).reveal() == CANARY
    assert open_sealed(memoryview(blob), 1, 7).reveal() == CANARY  # type: ignore[arg-type]  # some drivers do that
    assert CANARY.encode() not in blob


def test_two_seals_of_one_text_differ(blob: bytes) -> None:
    assert seal(CANARY, 1, 7) != blob


@pytest.mark.parametrize("place", [(2, 7, "credential"), (1, 8, "credential"), (1, 7, "password")])
def test_it_does_not_open_in_another_place(blob: bytes, place: tuple[int, int, str]) -> None:
    with pytest.raises(BadSetting, match="another connection"):
        open_sealed(blob, *place)


def test_every_flipped_bit_is_noticed(blob: bytes) -> None:
    for position in range(len(blob) * 8):
        broken = bytearray(blob)
        broken[position // 8] ^= 1 << position % 8
        with pytest.raises(BadSetting) as refused:
            open_sealed(bytes(broken), 1, 7)
        assert CANARY not in str(refused.value)


def test_every_shortened_blob_is_refused(blob: bytes) -> None:
    for length in range(len(blob)):
        with pytest.raises(BadSetting):
            open_sealed(blob[:length], 1, 7)


def test_another_key_is_named_as_the_reason(blob: bytes, settings: Settings) -> None:
    settings.SECRET_KEY = "another key of at least 32 characters"
    with pytest.raises(BadSetting, match="another SEATKEEPER_SECRET_KEY"):
        open_sealed(blob, 1, 7)
