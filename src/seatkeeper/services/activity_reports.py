"""The admin centre's Project activity report, uploaded: use that the vendor itself counted, desktop client included.

Microsoft offers no other way to it (no Graph function gives it out). It is confirmed use, with the day it names;
who is not in it, or without a day, may have used the product all the same: a person's privacy settings hide it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.connectors.microsoft.concealed import SHARE, is_concealed
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant, to_text
from seatkeeper.services import applications, audit, redrawing
from seatkeeper.services.applications import Which
from seatkeeper.services.members import May, Who
from seatkeeper.services.sheets import Row, RowError, Sheet, read_sheet
from seatkeeper.store.models import Application, Holding, ProductActivity

PERIODS: Final = (7, 30, 90, 180)
PRODUCT: Final = "microsoft-project"
SHOWN: Final = 50  # people whom nobody knows, by name

# Columns as Microsoft's page of June 2026 writes them; compared without case, spaces, signs and "(UTC)".
_USER, _LAST, _DESKTOP, _WEB = "username", "lastactivitydate", "projectsvisiteddesktop", "projectsvisitedweb"
_CREATED, _EDITED, _OTHER = "taskscreatedweb", "taskseditedweb", "other"
_REFRESHED, _PERIOD = "reportrefreshdate", "reportperiod"
_TITLES: Final = {
    _USER: "User name", _LAST: "Last activity date", _DESKTOP: "Projects visited (Desktop)",
    _WEB: "Projects visited (Web)", _CREATED: "Tasks created (Web)", _EDITED: "Tasks edited (Web)", _OTHER: "Other",
    _REFRESHED: "Report refresh date", _PERIOD: "Report period",
}  # fmt: skip
_NEEDED: Final = (_USER, _LAST, _DESKTOP, _WEB)
_OTHER_NAMES: Final = {"userprincipalname": _USER}
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][0-9:.]*Z?)?", re.ASCII)
_DAYS: Final = re.compile(r"D?(\d{1,3})(?: days)?", re.ASCII | re.IGNORECASE)
_WORDS: Final = {"": False, "no": False, "false": False, "yes": True, "true": True}
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Activity(NamedTuple):
    """A row of the report."""

    user_id: str
    last: Instant | None
    desktop: int
    web: int
    other: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says, and what is wrong in it; `unknown` are people who hold no seat by the last roster."""

    rows: Sequence[Activity]
    errors: Sequence[RowError]
    unknown: Sequence[str]
    period_days: int
    until: Instant


class Kept(NamedTuple):
    """The report that is in use."""

    people: int
    with_use: int
    period_days: int
    until: Instant


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
    clock: Clock = system_clock,
) -> Report:  # fmt: skip
    """What the file would bring; nothing is saved. `period` and `until` are needed when the file does not say them.

    Raises BadInput for a file that is no such report, and for one in which Microsoft has concealed the names.
    """
    who.require(May.USERS)
    application = applications.find_application(who, which)
    if application.product != PRODUCT:
        raise BadInput("File", "the activity report is one of Microsoft Project; this application is another product.")
    sheet = _with_known_columns(read_sheet(body, name), name)
    _refuse_concealed(sheet)
    period_days, last_day = _to_period(sheet, period), _to_refreshed(sheet, until, clock())
    rows: list[Activity] = []
    errors: list[RowError] = []
    for row in sheet.rows:
        try:
            rows.append(_to_activity(row, last_day))
        except BadInput as error:
            errors.append(RowError(row.number, error.field, str(error).partition(": ")[2]))
    errors += _twice(sheet.rows) if not errors else []
    return Report(rows, errors, _unknown(application, rows), period_days, last_day)


def import_report(
    who: Who, which: Which, body: bytes, name: str, *, period: int | None = None, until: str = "",
    clock: Clock = system_clock,
) -> Report:  # fmt: skip
    """Put the file in the place of the report there is, whole or not at all; what pages show is drawn again."""
    report = preview(who, which, body, name, period=period, until=until, clock=clock)
    if report.errors:
        first = report.errors[0]
        raise BadInput("File", f"row {first.number}, {first.column}: {first.message} Nothing was imported.")
    application = applications.find_application(who, which)
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=application.pk)  # of two at once, one report is left
        ProductActivity.objects.filter(application=application).delete()
        saved = (
            ProductActivity(
                application=application, period_days=report.period_days, until=report.until, **row._asdict()
            )
            for row in report.rows
        )
        ProductActivity.objects.bulk_create(saved, batch_size=1000)
        detail = f"{len(report.rows)} people, {report.period_days} days until {to_text(report.until)[:10]}"
        audit.record(who, "activity-report.imported", application.name, detail)
        redrawing.want(who, [application], clock)
    return report


def _with_known_columns(sheet: Sheet, name: str) -> Sheet:
    """Rows by our names of the columns."""
    known = {column: _to_key(column) for column in sheet.columns}
    missing = [_TITLES[key] for key in _NEEDED if key not in known.values()]
    if missing:
        raise BadInput(
            "File",
            f"{name} has no column {missing[0]!r}. Export it in the Microsoft 365 admin center under Reports > Usage > "
            "Project > Project activity, and upload it as it is.",
        )
    if not sheet.rows:
        raise BadInput("File", f"{name} holds no people, so the report that is known stays.")
    rows = [Row(row.number, {known[column]: cell for column, cell in row.cells.items()}) for row in sheet.rows]
    return Sheet(tuple(known.values()), rows)


def _to_key(column: str) -> str:
    plain = re.sub(r"[\W_]+", "", column.casefold().replace("(utc)", ""))
    return _OTHER_NAMES.get(plain, plain)


def _refuse_concealed(sheet: Sheet) -> None:
    names = [name for row in sheet.rows if (name := row.cells[_USER])]
    if sum(map(is_concealed, names)) > SHARE * len(names):
        raise BadInput(
            "File",
            "Microsoft has replaced the user names by codes. In the Microsoft 365 admin center, under Settings > Org "
            "settings > Reports, untick “Display concealed user, group, and site names in all reports”, and export "
            "the report again.",
        )


def _to_period(sheet: Sheet, period: int | None) -> int:
    told = {row.cells.get(_PERIOD, "") for row in sheet.rows} - {""}
    numbers = {int(found[1]) if (found := _DAYS.fullmatch(text)) else 0 for text in told}
    numbers |= set() if period is None else {period}
    if len(numbers) != 1 or not numbers <= set(PERIODS):
        choices = ", ".join(map(str, PERIODS))
        raise BadInput(
            "period", f"say how many days the report looks back: {choices}. The file does not, or otherwise."
        )
    return numbers.pop()


def _to_refreshed(sheet: Sheet, until: str, now: Instant) -> Instant:
    """The end of the last day that the report covers."""
    told = {row.cells.get(_REFRESHED, "")[:10] for row in sheet.rows} - {""} | ({until.strip()} - {""})
    if len(told) != 1:
        raise BadInput("until", "say up to which day the report goes (its refresh date), such as 2026-08-01.")
    last_day = _to_day_end("until", told.pop())
    if last_day - days(1) >= now:
        raise BadInput("until", "this day is still to come.")
    return last_day


def _to_day_end(field: str, text: str) -> Instant:
    """The last instant of a day: whoever used the product on it may have done so until then."""
    found = _DAY.fullmatch(text)
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        day = None
    if day is None or day.toordinal() < _EPOCH:
        raise BadInput(field, f"{text[:40]!r} is not a day such as 2026-08-01. Upload the export as it is.")
    return days(day.toordinal() - _EPOCH + 1) - 1


def _to_activity(row: Row, until: Instant) -> Activity:
    cells = row.cells
    user_id, day = cells[_USER].casefold(), cells[_LAST]
    if not user_id or len(user_id) > 400 or not user_id.isprintable():
        raise BadInput(_TITLES[_USER], "it is empty, or no user name.")
    desktop = _to_count(cells, _DESKTOP)
    web = sum(_to_count(cells, key) for key in (_WEB, _CREATED, _EDITED))
    other = _to_flag(cells)
    last = _to_day_end(_TITLES[_LAST], day) if day else None
    if last is None and (desktop or web or other):
        raise BadInput(_TITLES[_LAST], "there was activity, but the day is missing.")
    if last is not None and last > until:
        raise BadInput(_TITLES[_LAST], f"{day[:10]} is after the day on which the report ends.")
    return Activity(user_id, last, desktop, web, other)


def _to_count(cells: Mapping[str, str], key: str) -> int:
    text = cells.get(key, "") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput(_TITLES[key], f"{text[:40]!r} is not a number.")
    return int(text)


def _to_flag(cells: Mapping[str, str]) -> bool:
    text = cells.get(_OTHER, "").casefold()
    return _WORDS[text] if text in _WORDS else _to_count(cells, _OTHER) > 0


def _twice(rows: Sequence[Row]) -> Iterator[RowError]:
    seen: set[str] = set()
    for row in rows:
        name = row.cells[_USER].casefold()
        if name in seen:
            yield RowError(row.number, _TITLES[_USER], f"{name[:80]} is in the file already, further up.")
        seen.add(name)


def _unknown(application: Application, rows: Sequence[Activity]) -> list[str]:
    holders = Holding.objects.filter(application=application).values_list("user_id", flat=True)
    known = {user_id.casefold() for user_id in holders.iterator(2000)}
    return [row.user_id for row in rows if row.user_id not in known]
