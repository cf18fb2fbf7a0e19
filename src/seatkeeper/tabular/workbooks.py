"""Tables as XLSX. Apart from the other forms, because the library takes its time to load."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import xlsxwriter

from seatkeeper.tabular.tables import Table

LONGEST_CELL = 32_767  # characters that a cell of a workbook can hold
CUT = " … (cut)"


def to_xlsx(table: Table) -> Iterator[bytes]:
    """A workbook of one sheet. A text is a text, never a formula or a link; one that is too long says so at its end."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, table.columns, book.add_format({"bold": True}))
            for number, row in enumerate(table.written(), start=1):
                for place, cell in enumerate(row):
                    if isinstance(cell, bool):
                        sheet.write_string(number, place, "yes" if cell else "no")
                    elif isinstance(cell, int):
                        sheet.write_number(number, place, cell)
                    elif cell is not None:
                        # A control character makes the file unreadable: XML has no way to write it.
                        text = "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in cell)
                        fits = len(text) <= LONGEST_CELL
                        sheet.write_string(number, place, text if fits else text[: LONGEST_CELL - len(CUT)] + CUT)
        file.seek(0)
        yield from iter(lambda: file.read(65_536), b"")
