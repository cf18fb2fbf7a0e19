"""Thousands of generated files, each read as a plain model of it says: right, or refused by row and column.

A file is a table whose cells are known, written in a convention of some country, encoding and program. The model
knows what was meant, and which cells nobody could read without having been told.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pytest
import xlsxwriter

from seatkeeper.clock import Clock, days, fixed_clock
from seatkeeper.connectors.microsoft.reports import REPORTS
from seatkeeper.services import prices
from seatkeeper.services.activity_rows import read_rows, to_known_columns
from seatkeeper.services.members import operator
from seatkeeper.tabular import sheets
from seatkeeper.tabular.employee_lists import Person, to_list
from seatkeeper.tabular.lines import parse
from tests.thorough import THOROUGH

FILES: Final = 2_000 if THOROUGH else 70  # of each kind
TODAY: Clock = fixed_clock(days(20_700))  # 2026-09-04
NOBODY: Final = ("", "(Unknown)", "unknown", " (blank) ", "N/A")
EPOCH: Final = date(1970, 1, 1)


class Convention(NamedTuple):
    """How a program of some country writes."""

    decimal: str
    thousands: str
    order: str  # of a day
    mark: str

    def write_amount(self, amount: Decimal, digits: int) -> str:
        whole, _sign, rest = f"{amount:.{digits}f}".partition(".")
        whole = f"{int(whole):,}".replace(",", self.thousands)
        return whole + self.decimal * bool(rest) + rest

    def write_day(self, day: date) -> str:
        year, month, number = f"{day.year}", f"{day.month:02}", f"{day.day:02}"
        parts = {"ymd": (year, month, number), "dmy": (number, month, year), "mdy": (month, number, year)}
        return self.mark.join(parts[self.order])


def any_convention(dice: random.Random) -> Convention:
    decimal = dice.choice(",.")
    thousands = dice.choice(["", "", ",.".replace(decimal, ""), "\u00a0", "'"])
    order, mark = dice.choice([("ymd", "-"), ("ymd", "/"), ("dmy", "/"), ("dmy", "-"), ("dmy", "."), ("mdy", "/")])
    return Convention(decimal, thousands, order, mark)


def write(dice: random.Random, table: Sequence[Sequence[Any]]) -> bytes:
    """The table as some program writes it; in a workbook, a Decimal is a number and a date is a day."""
    if dice.random() < 0.15:
        return _write_workbook(table)
    separator, end = dice.choice(",;\t|"), dice.choice(["\n", "\r\n"])
    text = io.StringIO(newline="")
    if dice.random() < 0.2:
        text.write(f"sep={separator}{end}")
    if dice.random() < 0.5:
        csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    else:
        csv.writer(text, delimiter=separator, lineterminator=end).writerows(table)
    encoding = dice.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
    return text.getvalue().encode(encoding)


def _write_workbook(table: Sequence[Sequence[Any]]) -> bytes:
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(table):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
    return body.getvalue()


def amount_by(text: str, decimal: str) -> Decimal | None:
    """What an amount means to somebody whose decimal sign this is; None for nothing."""
    thousands = "." if decimal == "," else ","
    whole, sign, rest = text.partition(decimal)
    spaced = next((mark for mark in (thousands, "\u00a0", "'") if mark in whole), "")
    first, *groups = whole.split(spaced) if spaced else [whole]
    if (sign and not rest.isdigit()) or not (first or rest) or not all(len(g) == 3 and g.isdigit() for g in groups):
        return None
    if (first and not first.isdigit()) or (groups and (len(first) > 3 or first.startswith("0"))):
        return None
    return Decimal("".join([first, *groups]) + "." + (rest or "0"))


def day_by(text: str, order: str) -> date | None:
    parts = text.replace("/", "-").replace(".", "-").split("-")
    if len(parts[0]) == 4:
        year, month, day = parts
    else:
        (day, month, year) = parts if order == "dmy" or "." in text else (parts[1], parts[0], parts[2])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def decide(cells: Sequence[str], read: Callable[[str, str], Any], ways: Sequence[str]) -> list[Any]:
    """What each cell means, or None where nobody can tell: cells that have one meaning only show how the rest is."""
    meant = [{way: value for way in ways if (value := read(cell, way)) is not None} for cell in cells]
    shown = {next(iter(each)) for each in meant if len(each) == 1}
    found = []
    for each in meant:
        values = set(each.values())
        told = each.get(next(iter(shown))) if len(shown) == 1 else None
        found.append(values.pop() if len(values) == 1 else told)
    return found


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of processes would take an hour; that they read the same is shown elsewhere."""
    monkeypatch.setattr(sheets, "run_apart", lambda work, body, *words, kind: work(body, *words))


@pytest.mark.usefixtures("here", "database")
def test_every_price_list_says_what_was_meant_or_names_the_cell() -> None:
    refused = 0
    for seed in range(FILES):
        dice = random.Random(seed)
        by = any_convention(dice)
        table, kept = [list(prices.COLUMNS[:5])], list[int]()
        digits, longest = dice.choice([(0, 2, 2, 3), (3,), (0, 3)]), dice.choice([364, 364, 11])
        for number in range(2, dice.randint(2, 9) + 2):
            amount = Decimal(dice.randint(1, 10 ** dice.randint(2, 7))) / 1000
            written = by.write_amount(amount, dice.choice(digits))
            day = by.write_day(date(2026, 1, 1) + timedelta(dice.randint(0, longest)))
            sku = dice.choice(NOBODY) if dice.random() < 0.1 else f"SKU_{number}"
            kept += [number] * sku.startswith("SKU_")
            table.append([sku, written, "EUR", "month", day])
        amounts = decide([row[1] for row in table[1:]], amount_by, ",.")
        starts = decide([row[4] for row in table[1:]], day_by, ("dmy", "mdy"))
        meant = {number: (amounts[number - 2], starts[number - 2]) for number in kept}
        found = prices.preview(operator(), write(dice, table), "prices", TODAY)
        unclear = [number for number, values in meant.items() if None in values]
        assert [error.number for error in found.errors] == unclear, (seed, table, found.errors)
        assert [note.number for note in found.notes] == [n for n in range(2, len(table) + 1) if n not in kept]
        said = [(price.amount, EPOCH + timedelta(price.since)) for price in found.prices]
        assert said == [values for values in meant.values() if None not in values], (seed, table)
        refused += bool(unclear)
    assert FILES / 12 < refused < FILES * 2 / 3  # the files are neither all plain nor all unclear


def test_every_list_of_employees_says_who_works_there_or_names_the_row() -> None:
    for seed in range(FILES):
        dice = random.Random(seed)
        table, people, wrong = [["E-Mail", "Status", "Abteilung"]], dict[str, Person](), set[int]()
        rows_of: dict[str, list[int]] = {}
        for number in range(2, dice.randint(2, 14) + 2):
            email = dice.choice(["o'neil", "zoë", "ada+x", "müller", "bo"]) + f"{dice.randint(0, 4)}@contoso.example"
            name = dice.choice(NOBODY) if dice.random() < 0.1 else dice.choice([email, email.upper(), f" {email} "])
            status, department = dice.choice(["Active", "Terminated"]), dice.choice(["Köln", "A, B; C"])
            table.append([name, status, department])
            if name in NOBODY:
                wrong.add(number)
                continue
            person = Person(email, active=status == "Active", department=department)
            earlier = rows_of.setdefault(email, [])
            earlier.append(number)
            if len(earlier) == 1:
                people[email] = person
            else:
                wrong.add(number)
                if people.get(email) not in (None, person):
                    del people[email]
                    wrong.add(earlier[0])
        found = to_list(parse(write(dice, table), "people"))
        assert found.people == people, (seed, table)
        assert {each.row for each in found.wrong} == wrong, (seed, table)
        assert found.taken.startswith(f"{len(people)} of {len(table) - 1} row")


def test_every_activity_report_says_who_used_it_when_or_names_the_cell() -> None:
    form = REPORTS["microsoft-visio"]
    for seed in range(FILES):
        dice = random.Random(seed)
        by = any_convention(dice)
        end = date(2026, 1, 1) + timedelta(dice.randint(90, 240))
        table, kept = [["Report refresh date", "User name", "Last activity date (UTC)", "Desktop", "Web"]], list[int]()
        for number in range(2, dice.randint(2, 9) + 2):
            name = dice.choice(NOBODY) if dice.random() < 0.1 else f"Person{number}@contoso.example"
            kept += [number] * ("@" in name)
            day = by.write_day(end - timedelta(dice.randint(0, 80)))
            table.append([by.write_day(end), name, day, dice.choice(["Yes", "No"]), "Yes"])
        cells = [row[2] for row in table[1:]] + [table[1][0]]
        meant = decide(cells, day_by, ("dmy", "mdy"))
        sheet = to_known_columns(sheets.to_sheet(parse(write(dice, table), "report"), "report"), "report", form)
        if meant[-1] is None:
            with pytest.raises(Exception, match="two ways"):
                read_rows(sheet, "", TODAY(), form)
            continue
        found = read_rows(sheet, "", TODAY(), form)
        unclear = [number for number in kept if meant[number - 2] is None or meant[number - 2] > meant[-1]]
        assert [error.number for error in found.errors] == unclear, (seed, table, found.errors)
        said = [(row.user_id, EPOCH + timedelta((row.last or 0) // days(1))) for row in found.rows]
        right = [number for number in kept if number not in unclear]
        assert said == [(f"person{number}@contoso.example", meant[number - 2]) for number in right], (seed, table)
