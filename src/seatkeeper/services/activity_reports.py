"""A vendor's report of a product's use, uploaded: confirmed use, with the day that it names.

Who is not in it, or without a day, may have used the product all the same. The vendor declares what it looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant, Key, to_text
from seatkeeper.services import applications, audit, refreshes
from seatkeeper.services.activity_rows import Activity, Report, read_rows, to_known_columns, to_period
from seatkeeper.services.applications import Which
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application, ProductActivity, SeatHolder
from seatkeeper.sync.vendors import UsageReport, find_product, find_vendor_of
from seatkeeper.tabular.sheets import LARGEST, is_nobody, read_sheet

__all__ = ["LARGEST", "Report", "UsageReport"]

SHOWN: Final = 50  # people whom nobody knows, by name
_STRANGERS: Final = 3  # so many names of which the roster has none are not people's
_ANYWAY: Final = "If it is right all the same, take it anyway (`--anyway`)."


class Kept(NamedTuple):
    """The report that is in use."""

    people: int
    with_use: int
    period_days: int
    until: Instant


class _Roster:
    """Who holds a seat, by name and by the directory's id: what a report is joined to on the day of its upload."""

    def __init__(self, application: Application) -> None:
        holders = SeatHolder.objects.filter(application=application).values_list("user_id", "account")
        self.accounts: dict[str, Key] = {name.casefold(): bytes(key) for name, key in holders.iterator(2000)}
        self._known = set(self.accounts.values())

    def count(self, rows: Sequence[tuple[Key | memoryview | None, str, Instant | None]]) -> tuple[int, int]:
        """How many of a report's people hold a seat, and how many of those have used it."""
        held = [
            last
            for key, name, last in rows
            if (name in self.accounts if key is None else bytes(key) in self._known)
        ]  # fmt: skip
        return len(held), sum(last is not None for last in held)


def find_form(who: Who, which: Which) -> UsageReport | None:
    """What a report of the application's product looks like; None when the vendor has none."""
    who.require(May.SEE)
    return _form_of(applications.find_application(who, which))


def _form_of(application: Application) -> UsageReport | None:
    return find_vendor_of(application.product).reports.get(application.product)


def kept(who: Who, application_id: int) -> Kept | None:
    """The report that was uploaded last; None before the first."""
    who.require(May.SEE)
    mine = ProductActivity.objects.filter(application=applications.find(who, application_id))
    first = mine.first()
    if first is None:
        return None
    return Kept(mine.count(), mine.exclude(last=None).count(), first.period_days, first.until)


def preview(
    who: Who, which: Which, body: bytes, name: str, *, period: int | None = None, until: str = "",
    anyway: bool = False, clock: Clock = system_clock,
) -> Report:  # fmt: skip
    """What the file would import; nothing is saved. `period` and `until` are needed when the file does not say them.

    Raises BadInput for a file that is no such report, for one whose names the vendor has concealed, and, unless it is
    to be taken `anyway`, for one that knows much less than the report that it would replace.
    """
    who.require(May.USERS)
    application = applications.find_application(who, which)
    if (form := _form_of(application)) is None:
        title = find_product(application.product).title
        raise BadInput("file", f"there is no activity report of {title} that could be read here.")
    sheet = to_known_columns(read_sheet(body, name), name, form)
    names = [cell for row in sheet.rows if not is_nobody(cell := row.cells[form.user])]
    if not names:
        raise BadInput("file", f"{name} names nobody, so the report that is known stays.")
    form.refuse(names)
    period_days = to_period(sheet, period, form)
    found = read_rows(sheet, until, clock(), form)
    roster = _Roster(application)
    unknown = [row.user_id for row in found.rows if row.user_id not in roster.accounts]
    if not found.errors and not anyway:
        _refuse_worse(application, found.rows, found.last_day, roster)
    return Report(found.rows, found.errors, found.notes, unknown, period_days, found.last_day, len(sheet.rows))


def _refuse_worse(application: Application, rows: Sequence[Activity], last_day: Instant, roster: _Roster) -> None:
    """Evidence goes with the report that is replaced, so one that knows much less is not taken unseen."""
    people, with_use = roster.count([(None, row.user_id, row.last) for row in rows])
    if roster.accounts and not people and len(rows) >= _STRANGERS:
        raise BadInput(
            "file",
            f"not one of its {len(rows):,} names is on the roster of {len(roster.accounts):,} people: they may be "
            f"concealed, or of another tenant. {_ANYWAY}",
        )
    mine = ProductActivity.objects.filter(application=application)
    before = list(mine.values_list("account", "user_id", "last"))
    people_before, with_use_before = roster.count(before)
    if people * 2 < people_before or with_use * 2 < with_use_before:
        raise BadInput(
            "file",
            f"it knows {people:,} of the people on the roster, {with_use:,} of them with use; the report that it would "
            f"replace knows {people_before:,}, {with_use_before:,} of them with use. {_ANYWAY}",
        )
    until = mine.values_list("until", flat=True).first()
    if until is not None and last_day < until:
        raise BadInput(
            "file",
            f"it ends on {to_text(last_day)[:10]}; the report that it would replace ends on {to_text(until)[:10]}. "
            + _ANYWAY,
        )


def import_report(
    who: Who, which: Which, body: bytes, name: str, *, period: int | None = None, until: str = "",
    anyway: bool = False, clock: Clock = system_clock,
) -> Report:  # fmt: skip
    """Replace the report there is with the file, whole or not at all; then refresh what pages show.

    Names are joined to the directory's ids now: a name that changes later, or is given to another person, changes
    nothing of what was confirmed.
    """
    report = preview(who, which, body, name, period=period, until=until, anyway=anyway, clock=clock)
    if report.errors:
        raise BadInput("file", f"{report.errors[0]} Nothing was imported.")
    application = applications.find_application(who, which)
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=application.pk)  # of two at once, one report is left
        accounts = _Roster(application).accounts
        ProductActivity.objects.filter(application=application).delete()
        saved = (
            ProductActivity(
                application=application,
                account=accounts.get(row.user_id),
                period_days=report.period_days,
                until=report.until,
                **row._asdict(),
            )
            for row in report.rows
        )
        ProductActivity.objects.bulk_create(saved, batch_size=1000)
        detail = f"{len(report.rows)} people, {report.period_days} days until {to_text(report.until)[:10]}"
        audit.record(who, "activity-report.imported", application.name, detail + (", taken anyway" if anyway else ""))
        refreshes.request(who, [application], clock)
    return report
