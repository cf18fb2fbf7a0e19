"""From a page of Microsoft's rows to one of records, where each row stands for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from seatkeeper.connectors.base import Record, RecordPage
from seatkeeper.graph.pages import Page
from seatkeeper.model import BadRow

Row = TypeVar("Row")


def to_records(page: Page[Row], convert: Callable[[Row], Record | None]) -> RecordPage[Record]:
    """What `convert` makes of each row. None leaves a row out, and ValueError sets it aside with the reason."""
    result: RecordPage[Record] = RecordPage([], page.bad, link=page.link)
    for row in page.rows:
        try:
            record = convert(row)
        except ValueError as error:
            result.bad.append(BadRow(msgspec.json.encode(row), str(error)))
            continue
        if record is None:
            result.left_out += 1
        else:
            result.records.append(record)
    return result
