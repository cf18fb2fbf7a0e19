"""What Microsoft's codes mean, as dated data: the meaning, who acts, the step to take and where it is documented.

A code that is not in the table is shown as unknown with Microsoft's own text. What it might mean is not guessed.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

_LONGEST: Final = 300


class Code(msgspec.Struct, frozen=True):
    """One code; `who` acts next, by taking the `step`."""

    code: str
    meaning: str
    who: str
    step: str
    source: str

    def __str__(self) -> str:
        return f"{self.meaning} {self.step}".strip()


class _Table(msgspec.Struct, frozen=True):
    date: str
    codes: tuple[Code, ...]


@cache
def load_codes() -> dict[str, Code]:
    """The shipped table by code; those of the sign-in server begin with AADSTS."""
    text = (files("seatkeeper") / "data" / "microsoft_codes.json").read_bytes()
    return {code.code: code for code in msgspec.json.decode(text, type=_Table).codes}


def quote(text: str) -> str:
    """Microsoft's own words in one printable line, without the numbers of the request that follow them."""
    words = re.split(r"\s*Trace ID:", text, maxsplit=1)[0]
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in words[: 4 * _LONGEST]).split())
    return f"{line[:_LONGEST]}…" if len(line) > _LONGEST else line
