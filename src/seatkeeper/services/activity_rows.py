"""What the rows of an activity report say: people, days and counts, by the titles that the vendor declares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from seatkeeper.clock import days
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant
from seatkeeper.sync.vendors import UsageReport
from seatkeeper.tabular.sheets import WIDE, Row, RowError, Sheet, is_nobody, say_taken
from seatkeeper.tabular.values import Unclear, read_amounts, read_days

_DAYS: Final = re.compile(r"D?(\d{1,3})(?: days)?", re.ASCII | re.IGNORECASE)
_FLAGS: Final = {"no": 0, "false": 0, "yes": 1, "true": 1}
_EPOCH: Final = date(1970, 1, 1).toordinal()

Day = date | Unclear | None
Amount = Decimal | Unclear | None


class Activity(NamedTuple):
    """A row of the report."""

    user_id: str
    last: Instant | None
    desktop: int
    web: int
    other: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says, what is wrong in it, and which rows name nobody (`notes`).

    `unknown` are people who hold no seat by the last roster.
    """

    rows: Sequence[Activity]
    errors: Sequence[RowError]
    notes: Sequence[RowError]
    unknown: Sequence[str]
    period_days: int
    until: Instant
    total: int

    @property
    def taken(self) -> str:
        return say_taken(len(self.rows), self.total)


class Read(NamedTuple):
    """The rows of a file: those that are understood, what is wrong, and those that name nobody."""

    rows: list[Activity]
    errors: list[RowError]
    notes: list[RowError]
    last_day: Instant


def to_known_columns(sheet: Sheet, name: str, form: UsageReport) -> Sheet:
    """Rows by the declared titles of the columns, which a file may write with other case, spaces and signs."""
    needed = [form.user, form.last, *(column.title for column in form.columns if column.needed)]
    titles = {
        _plain(title): title for title in (*needed, *(c.title for c in form.columns), form.refreshed, form.period)
    }
    titles |= {_plain(other): title for other, title in form.other_names.items()}
    known = {column: titles.get(_plain(column), column) for column in sheet.columns}
    missing = [title for title in needed if title not in known.values()]
    if missing:
        raise BadInput("file", f"{name} has no column {missing[0]!r}. Export it {form.where}, and upload it as it is.")
    if twice := [title for title in titles.values() if list(known.values()).count(title) > 1]:
        raise BadInput("file", f"{name} has two columns that say {twice[0]!r}. Upload the export as it is.")
    if not sheet.rows:
        raise BadInput("file", f"{name} holds no people, so the report that is known stays.")
    rows = [Row(row.number, {known[key]: cell for key, cell in row.cells.items()}, row.wide) for row in sheet.rows]
    return Sheet(tuple(known.values()), rows)


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.casefold().replace("(utc)", ""))


def to_period(sheet: Sheet, period: int | None, form: UsageReport) -> int:
    told = {row.cells.get(form.period, "") for row in sheet.rows if not row.wide} - {""}
    numbers = {int(found[1]) if (found := _DAYS.fullmatch(text)) else 0 for text in told}
    numbers |= set() if period is None else {period}
    if len(numbers) != 1 or not numbers <= set(form.periods):
        choices = ", ".join(map(str, form.periods))
        raise BadInput(
            "period", f"say how many days the report looks back: {choices}. The file does not, or otherwise."
        )
    return numbers.pop()


def read_rows(sheet: Sheet, until: str, now: Instant, form: UsageReport) -> Read:
    """Every row, or why not. Raises BadInput when the day on which the report ends is not known."""
    cells = [row.cells for row in sheet.rows]
    # All days of a file are written in the same way, so one column may say how the other is to be read.
    read = read_days([*(each[form.last] for each in cells), *(each.get(form.refreshed, "") for each in cells)])
    lasts, refreshed = read[: len(cells)], read[len(cells) :]
    said = {*refreshed, *read_days([until.strip()])} - {None}
    if len(said) != 1:
        raise BadInput("until", "say up to which day the report goes (its refresh date), such as 2026-08-01.")
    last_day = _to_day_end("until", until, said.pop())
    if last_day - days(1) >= now:
        raise BadInput("until", "this day is still to come.")
    amounts = [read_amounts([each.get(column.title, "") for each in cells]) for column in form.columns]
    found = Read([], [], [], last_day)
    numbers: dict[str, int] = {}
    for place, row in enumerate(sheet.rows):
        name = row.cells[form.user]
        if is_nobody(name):
            told = f"it names nobody ({name})" if name else "it names nobody"
            found.notes.append(RowError(row.number, form.user, f"{told}, so the row was left out."))
            continue
        try:
            activity = _to_activity(row, lasts[place], [column[place] for column in amounts], last_day, form)
        except BadInput as error:
            found.errors.append(RowError(row.number, error.first.title, error.first.message))
            continue
        first = numbers.setdefault(activity.user_id, row.number)
        if first != row.number:
            message = f"{activity.user_id[:80]} is in the file already, in row {first}."
            found.errors.append(RowError(row.number, form.user, message))
        found.rows.append(activity)
    return found


def _to_day_end(field: str, text: str, day: Day) -> Instant:
    """The last instant of a day: whoever used the product on it may have done so until then."""
    said = repr(text[:40]) if text else "the refresh date in the file"
    if isinstance(day, Unclear):
        raise BadInput(field, f"{said} {day.why}")
    if day is None or day.toordinal() < _EPOCH:
        raise BadInput(field, f"{said} is before 1970. Upload the export as it is.")
    return days(day.toordinal() - _EPOCH + 1) - 1


def _to_activity(row: Row, day: Day, amounts: Sequence[Amount], until: Instant, form: UsageReport) -> Activity:
    if row.wide:
        raise BadInput(form.user, WIDE)
    user_id = row.cells[form.user].casefold()
    if len(user_id) > 400 or not user_id.isprintable():
        raise BadInput(form.user, "it is no user name.")
    counts = {"desktop": 0, "web": 0, "other": 0}
    for column, amount in zip(form.columns, amounts, strict=True):
        text = row.cells.get(column.title, "")
        if column.flag and text.casefold() in _FLAGS:
            counts[column.counts] += _FLAGS[text.casefold()]
        elif isinstance(amount, Decimal) and 0 <= amount < 10**9 and amount == int(amount):
            counts[column.counts] += int(amount)
        elif isinstance(amount, Unclear) and "two ways" in amount.why:
            raise BadInput(column.title, f"{text[:40]!r} {amount.why}")
        elif amount is not None:
            what = "neither yes nor no, nor a number" if column.flag else "not a number"
            raise BadInput(column.title, f"{text[:40]!r} is {what}.")
    last = None if day is None else _to_day_end(form.last, row.cells[form.last], day)
    if last is None and any(counts.values()):
        raise BadInput(form.last, "there was activity, but the day is missing.")
    if last is not None and last > until:
        raise BadInput(form.last, f"{row.cells[form.last][:10]} is after the day on which the report ends.")
    return Activity(user_id, last, counts["desktop"], counts["web"], counts["other"] > 0)
