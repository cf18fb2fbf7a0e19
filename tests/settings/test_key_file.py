"""The key file: the key in use, and others that say what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.errors import BadSetting
from seatkeeper.settings.keys import Keys, parse_keys, read_keys, write_keys


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("k" * 40 + "\n", Keys("k" * 40)),
        ("a" * 64 + "\n" + "b" * 24 + "\n", Keys("a" * 64 + "\n" + "b" * 24)),  # as `openssl rand -base64` wraps it
        (f"{'k' * 40}\nold: {'o' * 40}\nnext: {'n' * 40}\n", Keys("k" * 40, "n" * 40, ("o" * 40,))),
    ],
)
def test_a_key_file_holds_the_key_in_use_and_says_what_the_others_are(text: str, found: Keys, tmp_path: Path) -> None:
    assert parse_keys("NAME", text) == found
    write_keys(tmp_path / "key", found)
    assert read_keys("NAME", tmp_path / "key") == found
    assert "k" * 8 not in repr(found)


def test_a_short_key_is_refused_wherever_it_stands() -> None:
    for text in ("short", f"{'k' * 40}\nold: short", f"next: {'k' * 40}"):
        with pytest.raises(BadSetting, match="NAME is too short"):
            parse_keys("NAME", text)
