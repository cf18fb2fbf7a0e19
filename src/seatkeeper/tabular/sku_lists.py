"""Reading a vendor's own public list of SKUs: a row a service plan, in a file that people download from the vendor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from seatkeeper.connectors.sku_lists import ListedSku
from seatkeeper.connectors.vendor import SkuColumns
from seatkeeper.tabular.sheets import WIDE, RowError, Sheet

LONGEST: Final = 300  # characters of a title or part number
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class ReadSkus:
    """The SKUs of a file by their ids, and what is wrong in it. `left_out` are rows that name no plan."""

    skus: dict[str, ListedSku] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0


def to_skus(sheet: Sheet, columns: SkuColumns) -> ReadSkus:
    """Where a list calls a SKU by several titles, the first one counts, as in the shipped table."""
    found = ReadSkus(rows=len(sheet.rows))
    if missing := [repr(column) for column in columns if column not in sheet.columns]:
        found.errors.append(RowError(1, ", ".join(missing), f"the columns must be there: {', '.join(columns)}."))
        return found
    first: dict[str, int] = {}
    plans: dict[str, set[str]] = {}
    for row in sheet.rows:
        if row.wide:
            found.errors.append(RowError(row.number, sheet.columns[-1], WIDE))
            continue
        cells = {column: _plain(row.cells[column]) for column in columns}
        if not cells[columns.plan]:
            found.left_out += 1
            continue
        if wrong := [RowError(row.number, *problem) for problem in _problems(cells, columns)]:
            found.errors += wrong
            continue
        sku, number = cells[columns.sku].lower(), cells[columns.part_number]
        known = found.skus.setdefault(sku, ListedSku(sku, number, cells[columns.title], ()))
        at = first.setdefault(sku, row.number)
        if known.part_number != number:
            message = f"{sku} is {number[:60]!r} here and {known.part_number[:60]!r} in row {at}."
            found.errors.append(RowError(row.number, columns.part_number, message))
        plans.setdefault(sku, set()).add(cells[columns.plan].lower())
    found.skus = {
        sku.id: ListedSku(sku.id, sku.part_number, sku.title, tuple(sorted(plans[sku.id])))
        for sku in found.skus.values()
    }
    if not (found.skus or found.errors):
        found.errors.append(RowError(1, columns.plan, "no row names a service plan."))
    return found


def _plain(cell: str) -> str:
    """Without what a terminal or a page would obey, and with one space where there are several."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cell).split())


def _problems(cells: Mapping[str, str], columns: SkuColumns) -> list[tuple[str, str]]:
    ids, texts = (columns.sku, columns.plan), (columns.title, columns.part_number)
    strange = [column for column in ids if not _GUID.fullmatch(cells[column].lower())]
    odd = [column for column in texts if not 1 <= len(cells[column]) <= LONGEST]
    return [
        *((column, f"{cells[column][:60]!r} is not a GUID.") for column in strange),
        *((column, f"it must have 1 to {LONGEST} characters.") for column in odd),
    ]
