"""Uploaded tables, CSV or XLSX, as lines of text: whatever somebody uploads, at a bounded cost.

Everything here runs in a process of its own (`seatkeeper.apart`); `read_lines` of sheets.py is the way in.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import msgspec

from seatkeeper.errors import BadInput

LARGEST_UNPACKED: Final = 200 * 2**20
LARGEST_TEXT: Final = 40 * 2**20  # characters of all cells together
MOST_CELLS: Final = 2_000_000  # that hold anything
MOST_ENTRIES: Final = 2_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 32_767  # what a cell of a workbook can hold

ENCODINGS: Final = {"": "detected automatically", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}

_FIELD: Final = "file"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS: Final = ",;\t|"
_TOLD_SEPARATOR: Final = re.compile(r'"?sep=(.)"?[,;\t|]*\r?(?:\n|\Z)', re.IGNORECASE)
# A workbook that can run something or reach out is not read at all.
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and any workbook with a password
_UNWANTED: Final = ("vbaproject", "externallinks/", "activex/", "embeddings/")


class Line(msgspec.Struct, array_like=True):
    """A row with its number, as a spreadsheet counts it; `numeric` are the places of cells that are numbers there."""

    number: int
    cells: list[str]
    numeric: list[int] = []


class Lines(msgspec.Struct):
    """The first row, which names the columns, the others that hold anything, and the encoding of a text file."""

    columns: list[str]
    rows: list[Line]
    encoding: str = ""


def parse(body: bytes, name: str, encoding: str = "") -> Lines:
    """A table from a file, by what it is and not by its name. Raises BadInput that says what to do."""
    if body.startswith(_OLD_OFFICE):
        told = "is a workbook of the old kind (.xls), or one with a password"
        raise BadInput(_FIELD, f"{name} {told}. Save it as XLSX without a password, or as CSV (UTF-8).")
    if body.startswith(b"PK\x03\x04"):
        lines, found = _read_workbook(body, name), ""
    else:
        text, found = _decode(body, name, encoding)
        lines = _read_csv(text, name)
    header = next((line for line in lines if line.cells), Line(0, []))
    columns = [" ".join(cell.split())[:LONGEST_CELL] for cell in header.cells]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise BadInput(_FIELD, f"{name} is empty, or its first row is: it must name the columns.")
    if len(columns) > MOST_COLUMNS:
        raise BadInput(_FIELD, f"{name} has more than {MOST_COLUMNS} columns. Its first row must name the columns.")
    rows: list[Line] = []
    size = cells = 0
    for line in lines:
        if not any(map(str.strip, line.cells)):
            continue
        if len(rows) == MOST_ROWS:
            raise BadInput(_FIELD, f"{name} has more than {MOST_ROWS:,} rows. Split it.")
        if any(len(cell) > LONGEST_CELL for cell in line.cells):
            raise BadInput(_FIELD, f"row {line.number} of {name} has a cell of more than {LONGEST_CELL:,} characters.")
        size, cells = size + sum(map(len, line.cells)), cells + sum(map(bool, line.cells))
        if size > LARGEST_TEXT or cells > MOST_CELLS:
            raise BadInput(_FIELD, f"{name} holds more than a table of people or prices can. Split it.")
        rows.append(line)
    return Lines(columns, rows, found)


def _decode(body: bytes, name: str, chosen: str) -> tuple[str, str]:
    """Text by its mark, else UTF-8, else UTF-16 by its zeros, else as Windows in western Europe writes it."""
    if chosen not in ENCODINGS:
        raise BadInput("encoding", f"Choose one of: {', '.join(ENCODINGS.values())}.")
    tried = [encoding for mark, encoding in _MARKS if body.startswith(mark)]
    if not tried:
        start = body[:2000]
        zeros = start[1::2].count(0), start[::2].count(0)
        wide = ["utf-16-le"] * (zeros[0] > len(start) / 4) + ["utf-16-be"] * (zeros[1] > len(start) / 4)
        tried = [chosen] if chosen and not wide else wide or ["utf-8", "cp1252"]
    for encoding in tried:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.count("\0") * 50 > len(text):
            raise BadInput(_FIELD, f"{name} is not a text file. Save it as CSV (UTF-8) or as XLSX.")
        return text.removeprefix("\ufeff"), "utf-8" if encoding == "utf-8-sig" else encoding
    raise BadInput(
        "encoding", f"{name} is written in another encoding. Choose it, or save it as CSV (UTF-8): Excel's is "
        "Windows-1252."
    )  # fmt: skip


def _read_csv(text: str, name: str) -> Iterator[Line]:
    told = _TOLD_SEPARATOR.match(text)  # Excel's own first line, which it does not show
    if told:
        text = text[told.end() :]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=told[1] if told else _find_separator(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(rows, start=1):
            yield Line(number, cells)
    except csv.Error as error:
        raise BadInput(_FIELD, f"{name} is not CSV: {error} after row {number}.") from error


def _find_separator(text: str) -> str:
    """The sign that gives the first rows the most columns, all of them the same number."""
    start = text.lstrip("\r\n")[:200_000]

    def fits(sign: str) -> tuple[bool, int, int]:
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(start, newline=""), delimiter=sign):
                rows += [row] if row else []
                if len(rows) == 20:
                    break
        except csv.Error:
            pass
        head = rows[0] if rows else []
        alike = sum(len(row) == len(head) for row in rows)
        return len(head) > 1 and alike * 2 > len(rows), len(head), -start.find(sign)

    return max(_SEPARATORS, key=fits)


def _read_workbook(body: bytes, name: str) -> Iterator[Line]:
    """Rows of the first sheet that people see. Formulas count as what the program that saved them had worked out."""
    from openpyxl import load_workbook  # noqa: PLC0415 - a heavy import that few calls need

    from seatkeeper.tabular.formulas import SheetParser  # noqa: PLC0415

    try:  # look at the table of contents before anything is unpacked
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadInput(_FIELD, f"{name} is damaged. Save it as CSV (UTF-8) instead.") from error
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise BadInput(_FIELD, f"{name} unpacks to more than a table can be. Save it as CSV (UTF-8) instead.")
    if any(part in entry.filename.lower() for entry in entries for part in _UNWANTED):
        raise BadInput(_FIELD, f"{name} holds macros or links to other files. Save it without them, or as CSV.")
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), book.worksheets[0])
        with sheet._get_source() as source:  # noqa: SLF001
            # Its rows as they stand: the library's own loop believes the size that the sheet tells, and makes up an
            # empty row for each number that is left out.
            parser = SheetParser(
                source,
                sheet._shared_strings,  # noqa: SLF001
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,  # noqa: SLF001
                timedelta_formats=book._timedelta_formats,  # noqa: SLF001
            )
            for number, cells in parser.parse():
                yield _to_line(number, {cell["column"]: cell["value"] for cell in cells})
    except (BadInput, MemoryError, GeneratorExit):
        raise
    except Exception as error:  # whatever the library meets in a file that no spreadsheet wrote
        raise BadInput(_FIELD, f"{name} is damaged, or no workbook. Save it as CSV (UTF-8) instead.") from error


def _to_line(number: int, values: dict[int, object]) -> Line:
    """A row with a cell for every column up to the last; what stands far to the right is none of a table's."""
    width = min(max((place for place, value in values.items() if value is not None), default=0), MOST_COLUMNS + 1)
    cells = []
    for place in range(1, width + 1):
        value = values.get(place)
        if value is None:
            cells.append("")
        elif isinstance(value, datetime):
            cells.append(value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat())
        elif isinstance(value, date):
            cells.append(value.isoformat())
        else:
            cells.append(str(int(value) if isinstance(value, float) and value.is_integer() else value))
    if width > MOST_COLUMNS:
        cells[-1] = cells[-1] or "…"
    numbers = [
        place - 1
        for place in range(1, width + 1)
        if isinstance(values.get(place), int | float) and not isinstance(values[place], bool)
    ]
    return Line(min(number, 2**53), cells, numbers)
