"""Rows for people and for scripts: one table, written as CSV, JSON or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from seatkeeper.model import to_text

Cell = str | int | bool | None

# A spreadsheet runs a cell that starts like this as a formula (OWASP ASVS 5.0, 1.2.10).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")

_SKIPPED = " \n\"'"  # what some programs look behind


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with their rows; `times` names the columns that hold instants, written as ISO 8601 in UTC."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    times: frozenset[str] = frozenset()

    def first(self, number: int) -> Table:
        """The same columns, with so many rows at most."""
        return Table(self.columns, self.rows[:number], self.times)

    def as_text(self) -> Table:
        """The same rows, with their instants as text."""
        return Table(self.columns, list(self.written()))

    def written(self) -> Iterator[list[Cell]]:
        """The rows with their instants as text."""
        timed = [column in self.times for column in self.columns]
        for row in self.rows:
            yield [
                to_text(cell) if is_time and isinstance(cell, int) else cell
                for cell, is_time in zip(row, timed, strict=True)
            ]


def to_csv(table: Table) -> Iterator[str]:
    """RFC 4180 with a header; text that a spreadsheet would run as a formula is disarmed by an apostrophe."""
    yield _csv_line(table.columns)
    for row in table.written():
        cells = []
        for cell in row:
            if isinstance(cell, bool):
                cells.append("yes" if cell else "no")
            elif isinstance(cell, str) and cell.lstrip(_SKIPPED).startswith(_FORMULA_STARTS):
                cells.append(f"'{cell}")
            else:
                cells.append("" if cell is None else str(cell))
        yield _csv_line(cells)


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def to_json(table: Table) -> Iterator[str]:
    """One array of objects whose keys are the columns."""
    yield "["
    for number, line in enumerate(_json_rows(table)):
        yield ("," if number else "") + "\n " + line
    yield "\n]\n"


def to_jsonl(table: Table) -> Iterator[str]:
    """One object a line."""
    for line in _json_rows(table):
        yield line + "\n"


def _json_rows(table: Table) -> Iterable[str]:
    for row in table.written():
        yield json.dumps(dict(zip(table.columns, row, strict=True)), ensure_ascii=False)


FORMATS = {"csv": to_csv, "json": to_json, "jsonl": to_jsonl}
