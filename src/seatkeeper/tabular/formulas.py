"""Cells of a workbook, of which a formula that nobody has worked out is not an empty one."""

from __future__ import annotations

from typing import Any

from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from seatkeeper.errors import BadInput


class SheetParser(WorkSheetParser):  # type: ignore[misc]  # the library has no types
    """The library's own, which gives nothing for a formula whose result was not saved."""

    def parse_cell(self, element: Any) -> Any:
        cell = super().parse_cell(element)
        # A result that is an empty text is saved as a text ("str") of no letters.
        if cell["value"] is None and element.get("t", "n") != "str" and element.find(FORMULA_TAG) is not None:
            raise BadInput(
                "file",
                f"row {cell['row']} has a formula in column {cell['column']} whose result was not saved. Open the file "
                "in a spreadsheet, save it there, and upload it again.",
            )
        return cell
