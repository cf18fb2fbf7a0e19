"""Tables as files, in every form that somebody may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.tabular.tables import FORMATS, Table
from seatkeeper.tabular.workbooks import to_xlsx

__all__ = ["Table"]

TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write(table: Table, form: str) -> Iterator[str] | Iterator[bytes]:
    """A table in one of the forms of TYPES."""
    return to_xlsx(table) if form == "xlsx" else write_text(table, form)


def write_text(table: Table, form: str) -> Iterator[str]:
    """A table as csv, json or jsonl."""
    return FORMATS[form](table)
