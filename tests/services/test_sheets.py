"""Whatever is uploaded as a table is read, or refused with a sentence that says what to do."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from django.db import connection

from seatkeeper.errors import BadInput
from seatkeeper.services import employees, prices
from seatkeeper.services.activity_reports import import_report
from seatkeeper.services.members import operator
from seatkeeper.store.models import Application, Connection
from seatkeeper.tabular import lines, sheets
from seatkeeper.tabular.lines import parse
from seatkeeper.tabular.sheets import read_sheet

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
    ("make", "said"),
    [
        (lambda: b"", "empty"),
        (lambda: b"  \n", "empty"),
        (lambda: b"x" * (sheets.LARGEST + 1), "larger than 10 MB"),
        (lambda: b"a,b\n\0\0,c\n", "not a text file"),
        (lambda: b"a,a\n1,2\n", "each once"),
        (lambda: b",,\n1,2\n", "must name the columns"),
        (lambda: b"a\n" + b"x" * 33_000 + b"\n", "row 2"),
        (lambda: b"a\n" + b"1\n" * (sheets.MOST_ROWS + 1), "more than 200,000 rows"),
        (lambda: b"PK\x03\x04 not really", "damaged"),
        (lambda: _archive({"anything.txt": b"x"}), "no workbook"),
        (lambda: _archive({f"{n}": b"" for n in range(lines.MOST_ENTRIES + 1)}), "unpacks to more"),
        (lambda: _archive({"xl/worksheets/sheet1.xml": b"0" * (lines.LARGEST_UNPACKED + 1)}), "unpacks to more"),
        (lambda: _with("xl/vbaProject.bin"), "macros"),
        (lambda: _with("xl/externalLinks/externalLink1.xml"), "links to other files"),
        (lambda: _with("xl/worksheets/sheet1.xml", BOMB), "damaged"),
    ],
)
def test_what_cannot_be_a_table_is_refused_with_the_way_out(make: Callable[[], bytes], said: str) -> None:
    body = make()  # some are large, so only who needs one makes it
    with pytest.raises(BadInput, match=said):
        read_sheet(body, "people.xlsx")


def _with_sheet(change: Callable[[bytes], bytes], *rows: list[object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_workbook(*rows))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["xl/worksheets/sheet1.xml"] = change(entries["xl/worksheets/sheet1.xml"])
    return _archive(entries)


@pytest.mark.parametrize("told", [b"A1:D2", b"A1", b"A1:XFD1048576", b"A1:A99999999999"])
def test_what_a_sheet_says_of_its_size_is_not_believed(told: bytes) -> None:
    body = _with_sheet(
        lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="' + told + b'"', xml),
        ["E-mail"], ["a@b.c"], ["b@b.c"], ["c@b.c"],
    )  # fmt: skip
    assert _cells(body) == [["a@b.c"], ["b@b.c"], ["c@b.c"]]


def test_a_row_with_a_huge_number_costs_what_it_holds() -> None:
    body = _with_sheet(lambda xml: xml.replace(b'r="3"', b'r="99999999999999"'), ["E-mail"], ["a@b.c"], ["b@b.c"])
    start = time.process_time()
    assert parse(body, "people.xlsx").rows[-1] == lines.Line(99999999999999, ["b@b.c"])
    assert time.process_time() - start < 2


def test_text_far_to_the_right_makes_no_wide_table() -> None:
    body = _with_sheet(lambda xml: xml.replace(b'r="A3"', b'r="XFD3"'), ["E-mail"], ["a@b.c"], ["b@b.c"])
    assert len(parse(body, "people.xlsx").rows[-1].cells) == lines.MOST_COLUMNS + 1


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("sep=;\nE-mail;Name\na@b.c;A, the first\n", ["a@b.c", "A, the first"]),
        ('"sep=|"\r\nE-mail|Name\r\na@b.c|A\r\n', ["a@b.c", "A"]),
        ('E-mail;"Name, as in the passport, or other"\na@b.c;A\n', ["a@b.c", "A"]),
        ("E-mail,Name\r\na@b.c,A\r\n", ["a@b.c", "A"]),
        ("\ufeffE-mail\tName\na@b.c\tA;B;C\n", ["a@b.c", "A;B;C"]),
    ],
)
def test_the_separator_is_what_the_file_says_or_what_makes_columns(text: str, cells: list[str]) -> None:
    assert [line.cells for line in parse(text.encode(), "people.csv").rows] == [cells]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(encoding: str) -> None:
    assert parse(TEXT.encode(encoding), "people.csv").rows[0].cells == ["ada@example.com", "Ada Łovelace"]


def test_a_quote_that_never_closes_swallows_no_rows() -> None:
    with pytest.raises(BadInput, match="not CSV"):
        parse(b'E-mail,Name\na@b.c,"A\nd@e.f,D\n', "people.csv")


def test_more_cells_than_a_table_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_CELLS", 5)
    assert len(parse(b"a,b\n1,2\n3,\n4,5\n", "people.csv").rows) == 3
    with pytest.raises(BadInput, match="more than a table of people"):
        parse(b"a,b\n1,2\n3,4\n5,6\n", "people.csv")


@pytest.mark.deep
def test_a_workbook_of_endless_strings_ends_with_its_process() -> None:
    strings = b"<si><t>123456789</t></si>" * 7_000_000  # half a megabyte, packed
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        book.add_worksheet().write_string(0, 0, "E-mail")
    with zipfile.ZipFile(written) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    assert "xl/sharedStrings.xml" in entries
    entries["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + strings + b"</sst>"
    )
    with pytest.raises(BadInput, match=r"reading it takes more than"):
        read_sheet(_archive(entries), "people.xlsx")


@pytest.mark.parametrize("take", ["prices", "employees", "report"])
@pytest.mark.usefixtures("database")
def test_no_file_is_read_inside_a_transaction(take: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []

    def read(work: Callable[..., Any], body: bytes, *words: str, kind: type) -> Any:
        del kind
        inside.append(connection.in_atomic_block)
        return work(body, *words)

    monkeypatch.setattr(sheets, "run_apart", read)
    who = operator()
    if take == "prices":
        prices.import_prices(who, b"SKU,Amount,Currency\nA,1,EUR\n", "prices.csv")
    elif take == "employees":
        employees.import_list(who, employees.keep_upload(who, b"email\na@b.c\n"))
    else:
        Application.objects.create(
            organization_id=who.organization_id, name="Project", product="microsoft-project", created=0,
            connection=Connection.objects.create(organization_id=who.organization_id, tenant_id="t", created=0),
        )  # fmt: skip
        head = "User name,Last activity date,Projects visited (Desktop),Projects visited (Web)\n"
        body = f"{head}a@b.c,2026-01-05,1,1\n".encode()
        import_report(who, "Project", body, "report.csv", period=30, until="2026-01-06")
    assert inside
    assert not any(inside)


def _book(*sheets: tuple[str, Sequence[list[Any]]]) -> bytes:
    """A workbook of these sheets, each with its state."""
    book, body = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for state, rows in sheets:
        sheet = book.create_sheet()
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    book.active = max(range(len(sheets)), key=lambda place: sheets[place][0] == "visible")
    book.save(body)
    return body.getvalue()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_sheet_that_people_do_not_see_is_not_read(state: str) -> None:
    old, new = [["Name"], ["old"]], [["Name"], ["new"]]
    assert _cells(_book((state, old), ("visible", new), ("visible", old))) == [["new"]]


def test_a_formula_is_never_worked_out_and_one_whose_result_was_not_saved_is_named() -> None:
    with pytest.raises(BadInput, match="row 2 has a formula in column 2 whose result was not saved"):
        _cells(_workbook(["E-mail", "Name"], ["a@b.c", '=HYPERLINK("https://evil.example","x")']))


@pytest.mark.parametrize(("saved", "cell"), [(b't="str"><f>X1</f><v></v>', ""), (b"><f>1+1</f><v>2</v>", "2")])
def test_a_formula_counts_as_what_was_saved_of_it(saved: bytes, cell: str) -> None:
    body = _with_sheet(
        lambda xml: re.sub(rb'(<c r="B2"[^>]*?)( t="[a-z]+")?>.*?</c>', rb"\1 " + saved + b"</c>", xml),
        ["E-mail", "Department"], ["a@b.c", "=X1"],
    )  # fmt: skip
    assert _cells(body) == [["a@b.c", cell]]


def test_a_workbook_of_the_old_kind_or_with_a_password_is_named_as_such() -> None:
    for rest in (bytes(4000), bytes(range(256)) * 40, b"text" * 1000):
        with pytest.raises(BadInput, match=r"\.xls.*password.*Save it as XLSX"):
            _cells(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rest)
