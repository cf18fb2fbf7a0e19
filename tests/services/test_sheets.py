"""Whatever is uploaded as a table is read, or refused with a sentence that says what to do."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from seatkeeper.errors import BadInput
from seatkeeper.services import sheets
from seatkeeper.services.sheets import read_sheet

TEXT = 'E-mail,Name\r\nada@example.com,Ada Łovelace\r\nbo@example.com,"Bo, the second"\r\n'


def _cells(body: bytes) -> list[list[str]]:
    return [list(row.cells.values()) for row in read_sheet(body, "people.csv").rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_usual_encoding_gives_the_same_rows(encoding: str) -> None:
    assert _cells(TEXT.encode(encoding)) == [["ada@example.com", "Ada Łovelace"], ["bo@example.com", "Bo, the second"]]


def test_what_windows_saves_in_western_europe_is_read() -> None:
    assert _cells("E-mail;Name\njürgen@example.com;Jürgen – Ö\n".encode("cp1252")) == [
        ["jürgen@example.com", "Jürgen – Ö"]
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_the_one_that_the_first_row_uses(separator: str) -> None:
    assert _cells(f"E-mail{separator}Name\na@b.c{separator}A\n".encode()) == [["a@b.c", "A"]]


def test_rows_have_the_numbers_that_a_spreadsheet_shows_and_empty_ones_are_skipped() -> None:
    sheet = read_sheet(b"E-mail,Name\na@b.c,A\n\n,\nd@e.f\n", "people.csv")
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, {"E-mail": "a@b.c", "Name": "A"}),
        (5, {"E-mail": "d@e.f", "Name": ""}),
    ]


def _workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def test_a_workbook_is_read_like_a_text_file() -> None:
    assert _cells(_workbook(["E-mail", "Number"], ["a@b.c", 28.1], ["d@e.f", 5.0], ["g@h.i", None])) == [
        ["a@b.c", "28.1"],
        ["d@e.f", "5"],
        ["g@h.i", ""],
    ]


def test_a_formula_is_never_worked_out() -> None:
    assert _cells(_workbook(["E-mail", "Name"], ["a@b.c", '=HYPERLINK("https://evil.example","x")'])) == [["a@b.c", ""]]


def _archive(entries: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return body.getvalue()


def _with(entry: str, text: bytes = b"x") -> bytes:
    with zipfile.ZipFile(io.BytesIO(_workbook(["E-mail"], ["a@b.c"]))) as archive:
        return _archive({name: archive.read(name) for name in archive.namelist()} | {entry: text})


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"x" * (sheets.LARGEST + 1), "larger than 10 MB"),
        (b"a,b\n\0\0,c\n", "not a text file"),
        (b"a,a\n1,2\n", "each once"),
        (b",,\n1,2\n", "must name the columns"),
        (b"a\n" + b"x" * 3000 + b"\n", "row 2"),
        (b"a\n" + b"1\n" * (sheets.MOST_ROWS + 1), "more than 200,000 rows"),
        (b"PK\x03\x04 not really", "damaged"),
        (_archive({"anything.txt": b"x"}), "no workbook"),
        (_archive({f"{n}": b"" for n in range(sheets.MOST_ENTRIES + 1)}), "unpacks to more"),
        (_archive({"xl/worksheets/sheet1.xml": b"0" * (sheets.LARGEST_UNPACKED + 1)}), "unpacks to more"),
        (_with("xl/vbaProject.bin"), "macros"),
        (_with("xl/externalLinks/externalLink1.xml"), "links to other files"),
        (_with("xl/worksheets/sheet1.xml", BOMB), "damaged"),
    ],
)
def test_what_cannot_be_a_table_is_refused_with_the_way_out(body: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_sheet(body, "people.xlsx")
