"""Rows that could not be understood: kept raw with the reason, shown, and the run says so."""

from __future__ import annotations

from collections.abc import Sequence

from seatkeeper.graph.pages import BadRow
from seatkeeper.store import bulk
from seatkeeper.sync.work import Work


def save_bad_rows(work: Work, bad: Sequence[BadRow]) -> int:
    """How many rows of this page were set aside."""
    if not bad:
        return 0
    return bulk.save_quarantine(
        work.task.connection_id, work.kind.key, work.run.pk, [(row.raw, row.reason) for row in bad], work.clock()
    )
