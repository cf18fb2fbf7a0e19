"""Uploaded tables, CSV or XLSX, as rows of text: whatever somebody uploads, at a bounded cost."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from seatkeeper.errors import BadInput

LARGEST: Final = 10 * 2**20  # bytes as uploaded
LARGEST_UNPACKED: Final = 200 * 2**20
MOST_ENTRIES: Final = 2_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 2_000

_FIELD: Final = "File"
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# A workbook that can run something or reach out is not read at all.
_UNWANTED: Final = ("vbaproject", "externallinks/", "activex/", "embeddings/")


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number in the file, as a spreadsheet counts it; cells by the name of their column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row, and in which column."""

    number: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows of the first sheet."""

    columns: Sequence[str]
    rows: Sequence[Row]


def read_sheet(body: bytes, name: str) -> Sheet:
    """A table from a file, by what it is and not by its name. Raises BadInput that says what to do."""
    if len(body) > LARGEST:
        raise BadInput(_FIELD, f"{name} is larger than {LARGEST // 2**20} MB. Split it.")
    if not body.strip():
        raise BadInput(_FIELD, f"{name} is empty.")
    lines = _read_workbook(body, name) if body.startswith(b"PK\x03\x04") else _read_csv(body, name)
    return _to_sheet(lines, name)


def _to_sheet(lines: Iterator[tuple[int, list[str]]], name: str) -> Sheet:
    _number, header = next(lines, (0, []))
    columns = [" ".join(cell.split()) for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    if not columns or len(columns) > MOST_COLUMNS or len(set(columns)) < len(columns):
        raise BadInput(_FIELD, f"the first row of {name} must name the columns, each once, at most {MOST_COLUMNS}.")
    rows: list[Row] = []
    for number, cells in lines:
        if len(rows) == MOST_ROWS:
            raise BadInput(_FIELD, f"{name} has more than {MOST_ROWS:,} rows. Split it.")
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise BadInput(_FIELD, f"row {number} of {name} has a cell of more than {LONGEST_CELL} characters.")
        if any(cell.strip() for cell in cells):
            padded = itertools.chain((cell.strip() for cell in cells), itertools.repeat(""))
            rows.append(Row(number, dict(zip(columns, padded, strict=False))))
    return Sheet(columns, rows)


def _read_csv(body: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    text = _decode(body)
    if "\0" in text:
        raise BadInput(_FIELD, f"{name} is not a text file. Save it as CSV (UTF-8) or as XLSX.")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadInput(_FIELD, f"{name} cannot be read at line {reader.line_num}: {error}.") from error


def _decode(body: bytes) -> str:
    """Text by its mark, else UTF-8, else as Windows in western Europe writes it, which takes any byte."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _read_workbook(body: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet. Formulas count as what the program that saved them had worked out."""
    from openpyxl import load_workbook  # noqa: PLC0415 - a heavy import that few calls need
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    _check_archive(body, name)
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            yield number, [_to_text(cell) for cell in cells[: MOST_COLUMNS + 1]]
    except (InvalidFileException, zipfile.BadZipFile, ValueError, KeyError, IndexError, TypeError, OSError) as error:
        raise BadInput(_FIELD, f"{name} is damaged, or no workbook. Save it as CSV (UTF-8) instead.") from error


def _check_archive(body: bytes, name: str) -> None:
    """Look at the table of contents before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise BadInput(_FIELD, f"{name} is damaged. Save it as CSV (UTF-8) instead.") from error
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise BadInput(_FIELD, f"{name} unpacks to more than a table can be. Save it as CSV (UTF-8) instead.")
    if any(part in entry.filename.lower() for entry in entries for part in _UNWANTED):
        raise BadInput(_FIELD, f"{name} holds macros or links to other files. Save it without them, or as CSV.")


def _to_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
