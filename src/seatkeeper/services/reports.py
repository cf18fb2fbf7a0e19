"""The report: how an application stands in one line, from the row that the list of applications shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seatkeeper.clock import Clock, system_clock
from seatkeeper.reporting import daily_summary
from seatkeeper.services.applications import find_refreshed, list_applications
from seatkeeper.services.listings import applications as listing
from seatkeeper.services.members import Who
from seatkeeper.services.overview import list_cautions
from seatkeeper.store.models import Application
from seatkeeper.sync.coverage import coverage_of
from seatkeeper.tabular.tables import Cell, Table

COLUMNS: Final = {
    "Application": "name",
    "Tenant": "tenant",
    "Bought": "bought",
    "Assigned": "assigned",
    "Holders": "people",
    "Active": "people_active",
    "Possibly Active": "people_possibly_active",
    "Inactive": "people_inactive",
    "Never Seen": "never_seen",
    "Not Observable": "not_observable",
    "Suspicious": "suspicious",
    "Findings": "findings",
    "Complete From": "complete_from",
    "Complete Until": "complete_until",
    "Last Complete Run": "last_complete",
    "Health": "health",
    "Saved": "saved_a_year",
    "Could Save": "could_save_a_year",
}
MONEY: Final = ("Saved", "Could Save")
TIMES: Final = frozenset({"Complete From", "Complete Until", "Last Complete Run"})


@dataclass(frozen=True, slots=True)
class Report:
    """How one application stands: its figures by their columns, and in sentences what cannot be said yet."""

    application: Application
    figures: dict[str, Cell]
    cautions: Sequence[str]


def reports(who: Who, name: str | None = None, clock: Clock = system_clock) -> list[Report]:
    """Reports on one application, or on all that are active."""
    names = [name] if name else [application.name for application in list_applications(who) if application.active]
    fresh = [find_refreshed(who, each) for each in names]
    rows = listing.rows(who).filter(pk__in=[application.pk for application in fresh]).order_by("name")
    found, now = [], clock()
    for row in rows:
        cells = {column: getattr(row, field) for column, field in COLUMNS.items()}
        # Before anything was read every count is 0; a time is not known. Amounts are those of a month.
        counts = {column: cell or 0 for column, cell in cells.items() if column not in (*TIMES, *MONEY)}
        amounts = {column: cells[column].a_month or None for column in MONEY}
        cautions = list_cautions(row, daily_summary.newest(row), coverage_of(row, now).proven, now)
        found.append(Report(row, cells | counts | amounts, cautions))
    return found


def to_table(some: Sequence[Report]) -> Table:
    """One row an application, for scripts."""
    return Table(tuple(COLUMNS), [tuple(report.figures.values()) for report in some], TIMES)
