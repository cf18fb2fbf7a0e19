"""Uploaded tables as rows with named cells, and in words how many of them were taken.

Prices, lists of employees and activity reports are read by the same rules: lines.py finds the cells, values.py says
what a cell can mean in its column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seatkeeper.apart import run_apart
from seatkeeper.errors import BadInput
from seatkeeper.tabular.lines import ENCODINGS, MOST_COLUMNS, MOST_ROWS, Lines, parse
from seatkeeper.tabular.values import Numeric

__all__ = ["ENCODINGS", "MOST_COLUMNS", "MOST_ROWS"]

LARGEST: Final = 10 * 2**20  # bytes as uploaded
WIDE: Final = "the row has more cells than there are columns. Put texts with a comma in quotes."
_FIELD: Final = "file"
_NOBODY: Final = frozenset(("", "(unknown)", "unknown", "(blank)", "(empty)", "(none)", "n/a", "-", "–", "null"))


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number in the file, as a spreadsheet counts it; cells by the name of their column.

    `wide` is a row with more cells than there are columns: one of its cells was split, so none is where it should be.
    """

    number: int
    cells: dict[str, str]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row, and in which column."""

    number: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.number}, {self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows of the first sheet."""

    columns: Sequence[str]
    rows: Sequence[Row]


def read_lines(body: bytes, name: str, encoding: str = "") -> Lines:
    """A file as it came, cell by cell. Raises BadInput that says what to do."""
    if len(body) > LARGEST:
        raise BadInput(_FIELD, f"{name} is larger than {LARGEST >> 20} MB. Split it.")
    if not body.strip():
        raise BadInput(_FIELD, f"{name} is empty. Its first row must name the columns.")
    name = name[:200].encode(errors="replace").decode()
    return run_apart(parse, body, name, encoding, kind=Lines)


def read_sheet(body: bytes, name: str, known: Sequence[str] = ()) -> Sheet:
    """A table by the names of its columns, of which a file may write the known ones in any case.

    Raises BadInput that says what to do.
    """
    return to_sheet(read_lines(body, name), name, known)


def to_sheet(lines: Lines, name: str, known: Sequence[str] = ()) -> Sheet:
    """The same of lines that were read; columns without a name are left out."""
    titles = {title.casefold(): title for title in known}
    named = {place: titles.get(column.casefold(), column) for place, column in enumerate(lines.columns) if column}
    if len(set(named.values())) < len(named):
        raise BadInput(_FIELD, f"the first row of {name} must name the columns, each once, at most {MOST_COLUMNS}.")
    rows = []
    for line in lines.rows:
        cells = [cell.strip() for cell in line.cells]
        for place in line.numeric:
            cells[place] = Numeric(cells[place])
        wide = any(cells[len(lines.columns) :])
        cells += [""] * (len(lines.columns) - len(cells))
        rows.append(Row(line.number, {column: cells[place] for place, column in named.items()}, wide))
    return Sheet(list(named.values()), rows)


def is_nobody(text: str) -> bool:
    """Whether a cell that should say whom or what a row is about says nothing, in the words that exports have."""
    return " ".join(text.casefold().split()) in _NOBODY


def say_taken(taken: int, rows: int) -> str:
    """How many rows were taken; said with every import."""
    return f"{taken:,} of {rows:,} row{'' if rows == 1 else 's'} {'was' if 1 in (taken, rows) else 'were'} taken."
