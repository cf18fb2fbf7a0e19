"""Ids are folded at the door, by the type of their field: a GUID is the same in capitals, braces or without hyphens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final, get_args, get_type_hints

import msgspec

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE | re.ASCII)
_LENGTH: Final = 36  # of a GUID as Microsoft writes it
Id = Annotated[str, msgspec.Meta(extra={"folded": True})]
"""The vendor's id of a thing: a GUID is folded to its one form when its row is read."""


def fold_all(rows: Sequence[object], row_type: type) -> None:
    """Fold each GUID in the rows, and in what lies within them, that their type declares as an `Id`."""
    for name in _folded_fields(row_type):
        for row in rows:
            value = getattr(row, name)
            if type(value) is str:
                if len(value) != _LENGTH or value != value.lower():
                    setattr(row, name, fold_id(value))
            elif isinstance(value, list):
                if value and isinstance(value[0], str):
                    value[:] = map(fold_id, value)
                elif value:
                    fold_all(value, type(value[0]))
            elif isinstance(value, msgspec.Struct):
                fold_all([value], type(value))


@cache
def _folded_fields(row: type) -> tuple[str, ...]:
    """The fields of a row that are ids, lists of ids, or hold any deeper."""
    if not issubclass(row, msgspec.Struct):
        return ()
    hints = get_type_hints(row, include_extras=True)
    return tuple(name for name in row.__struct_fields__ if _holds_ids(hints[name]))


def _holds_ids(hint: Any) -> bool:
    if hint == Id:
        return True
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return bool(_folded_fields(hint))
    return any(_holds_ids(part) for part in get_args(hint))


def fold_id(text: str) -> str:
    """A GUID in lower case with its hyphens, because it is the same in any form; any other id as it is."""
    bare = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    if not _GUID.fullmatch(bare):
        return text
    digits = bare.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
