"""What an organization pays: its price list, as a page, as a file, and as insights use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.db import transaction

from seatkeeper.amounts import CENT, PER_YEAR
from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights import money
from seatkeeper.reporting.price_list import to_day_number
from seatkeeper.services import audit, price_spans, refreshes
from seatkeeper.services.applications import list_applications
from seatkeeper.services.members import May, Who
from seatkeeper.services.priced_skus import PricedSkus
from seatkeeper.store.models import Price
from seatkeeper.sync.vendors import list_vendors
from seatkeeper.tabular.sheets import LARGEST as LARGEST_FILE
from seatkeeper.tabular.sheets import WIDE, Row, RowError, is_nobody, read_sheet, say_taken
from seatkeeper.tabular.tables import Cell, Table
from seatkeeper.tabular.values import Numeric, Unclear, read_amounts, read_days

__all__ = ["LARGEST_FILE"]

COLUMNS: Final = ("SKU", "Amount", "Currency", "Period", "Valid From", "Valid Until")
LABEL: Final = "Part Number"  # only told: an import does not need it
PERIODS: Final = tuple(PER_YEAR)
LARGEST: Final = Decimal(1_000_000)
SMALLEST: Final = Decimal("0.0001")
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price as it was typed in: everything is text, and checked."""

    part_number: str  # or the SKU's id
    amount: str
    currency: str
    period: str = "month"
    valid_from: str = ""
    valid_until: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an uploaded price list would change, what is wrong in it, and what was left out or rounded."""

    prices: list[money.Price]
    errors: list[RowError]
    notes: list[RowError]
    rows: int

    @property
    def taken(self) -> str:
        return say_taken(len(self.prices), self.rows)


def list_prices(who: Who) -> list[Price]:
    who.require(May.SEE)
    return list(Price.objects.of(who).order_by("sku", "-valid_from"))


def shows_examples(who: Who) -> bool:
    """Whether amounts rest on the example list, which a banner must say."""
    return Price.objects.of(who).filter(example=True).exists()


def set_price(who: Who, new: NewPrice, clock: Clock = system_clock) -> Price:
    """Save a price; where it has no end, the one before it ends the day before. Raises BadInput."""
    who.require(May.LICENSES)
    skus = PricedSkus.of(who)
    price = check_price(new, to_day_number(clock()), skus)
    with transaction.atomic():
        _refuse_second_currency(who, [price], skus)
        saved = price_spans.save(who, price)
        audit.record(who, "price.set", price.sku, f"{price.amount} {price.currency} a {price.period}")
        _request_refresh(who, clock)
    return saved


def _request_refresh(who: Who, clock: Clock) -> None:
    """Pages show what every seat and finding costs: after a change of prices, all applications are refreshed."""
    refreshes.request(who, list_applications(who), clock)


def delete_price(who: Who, price_id: int, clock: Clock = system_clock) -> None:
    who.require(May.LICENSES)
    with transaction.atomic():
        price = Price.objects.of(who).filter(pk=price_id).first()
        if price is None:
            raise NotFound("The price")
        audit.record(who, "price.deleted", price.sku, f"{price.amount} {price.currency} a {price.period}")
        price_spans.delete(who, price)
        _request_refresh(who, clock)


def list_examples() -> dict[str, int]:
    """Euros a month by part number."""
    return {part_number: amount for vendor in list_vendors() for part_number, amount in vendor.prices.items()}


def load_example(who: Who, clock: Clock = system_clock) -> int:
    """Fill an empty list with round figures that nobody pays; they are marked as such wherever they show."""
    who.require(May.LICENSES)
    example = list_examples()
    today = to_day_number(clock())
    with transaction.atomic():
        if Price.objects.of(who).exists():
            raise BadInput("prices", "there are prices already; the example is for an empty list.")
        for part_number, amount in example.items():
            price_spans.save(who, money.Price(part_number, Decimal(amount), "EUR", "month", today, None), example=True)
        audit.record(who, "price.example-loaded", f"{len(example)} prices")
        _request_refresh(who, clock)
    return len(example)


def preview(who: Who, body: bytes, name: str, clock: Clock = system_clock) -> Preview:
    """What a file would change; nothing is saved. Raises BadInput for a file that is no price list at all."""
    who.require(May.LICENSES)
    sheet = read_sheet(body, name, COLUMNS)
    for needed in COLUMNS[:3]:
        if needed not in sheet.columns:
            raise BadInput("file", f"{name} has no column {needed!r}. Its columns must be: {', '.join(COLUMNS)}.")
    columns = {column: [row.cells.get(column, "") for row in sheet.rows] for column in COLUMNS}
    amounts = read_amounts(columns["Amount"])
    starts, ends = read_days(columns["Valid From"]), read_days(columns["Valid Until"])
    found, skus = Preview([], [], [], len(sheet.rows)), PricedSkus.of(who)
    rows_of: dict[tuple[str, int], int] = {}
    twice: list[RowError] = []
    for row, amount, *valid in zip(sheet.rows, amounts, starts, ends, strict=True):
        cells = row.cells
        if is_nobody(cells["SKU"]):
            found.notes.append(RowError(row.number, "SKU", "it names no SKU, so the row was left out."))
            continue
        if row.wide:
            found.errors.append(RowError(row.number, sheet.columns[-1], WIDE))
            continue
        try:
            since, until = (_to_typed(key, cells, day) for key, day in zip(COLUMNS[4:], valid, strict=True))
            typed = _round(found, row, amount)
            new = NewPrice(cells["SKU"], typed, cells["Currency"], cells.get("Period") or "month", since, until)
            price = check_price(new, to_day_number(clock()), skus)
        except BadInput as error:
            found.errors.append(RowError(row.number, error.first.title, error.first.message))
            continue
        first = rows_of.setdefault((price.sku, price.since), row.number)
        if first != row.number:
            message = f"{price.sku} has a price from this day on already, in row {first}."
            twice.append(RowError(row.number, "SKU", message))
        found.prices.append(price)
    found.errors.extend(() if found.errors else twice)
    if not found.errors:
        _refuse_second_currency(who, found.prices, skus)
    return found


def _to_typed(column: str, cells: Mapping[str, str], day: date | Unclear | None) -> str:
    """A day that was read, as somebody types it. Raises BadInput for one that is unclear."""
    if isinstance(day, Unclear):
        raise BadInput(column, f"{cells[column][:40]!r} {day.why}")
    return "" if day is None else day.isoformat()


def _round(found: Preview, row: Row, amount: Decimal | Unclear | None) -> str:
    """An amount that was read, as a number: a spreadsheet works out 33.59999999999999 where a person writes 33.60."""
    text = row.cells["Amount"]
    if isinstance(amount, Unclear):
        raise BadInput("amount", f"{text[:40]!r} {amount.why}")
    if amount is None or abs(amount) > LARGEST or amount == amount.quantize(SMALLEST):
        return Numeric("" if amount is None else f"{amount:f}")
    cents = amount.quantize(CENT, ROUND_HALF_UP)
    if not cents:
        raise BadInput("amount", f"{text[:40]!r} would be rounded to nothing. Write it with two digits.")
    found.notes.append(RowError(row.number, "Amount", f"{text[:40]} was rounded to {cents:f}."))
    return Numeric(f"{cents:f}")


def import_prices(who: Who, body: bytes, name: str, clock: Clock = system_clock) -> Preview:
    """Import the file, whole or not at all; example prices are deleted. Raises BadInput with the first wrong row."""
    found = preview(who, body, name, clock)
    if wrong := found.errors[0] if found.errors else "" if found.prices else "it holds no prices.":
        raise BadInput("file", f"{wrong} Nothing was imported.")
    with transaction.atomic():
        Price.objects.of(who).filter(example=True).delete()
        for price in sorted(found.prices, key=lambda price: price.since):
            price_spans.save(who, price)
        audit.record(who, "price.imported", name, f"{len(found.prices)} prices")
        _request_refresh(who, clock)
    return found


def export(who: Who) -> Table:
    """The list in the columns that an import takes, and what the SKU is called."""
    skus = PricedSkus.of(who)
    rows: list[Sequence[Cell]] = [
        (
            p.sku,
            write_amount(p.amount),
            p.currency,
            p.period,
            to_date(p.valid_from),
            to_date(p.valid_until),
            skus.label(p.sku),
        )
        for p in list_prices(who)
    ]
    return Table((*COLUMNS, LABEL), rows)


def write_amount(amount: Decimal) -> str:
    """With the cents that people expect, and whatever digits there are beyond them."""
    cents = amount.quantize(CENT)
    return f"{cents:f}" if cents == amount else f"{amount.normalize():f}"


def check_price(new: NewPrice, today: int, skus: PricedSkus) -> money.Price:
    """A price that can be right. Raises BadInput naming the column."""
    sku = skus.find(new.part_number)
    currency = new.currency.strip().upper()
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise BadInput("currency", f"{new.currency[:20]!r} is not a currency of three letters, such as EUR.")
    if (period := new.period.strip().lower()) not in PERIODS:
        raise BadInput("period", f"{new.period[:20]!r} is not one of {', '.join(PERIODS)}.")
    since = _to_number("valid_from", new.valid_from, today)
    until = _to_number("valid_until", new.valid_until, None)
    assert since is not None
    if until is not None and until < since:
        raise BadInput("valid_until", "it lies before the first day.")
    text = new.amount  # 1234.5 or 1234,5; without a column, 1,250 can be read in two ways
    if text.count(",") + text.count(".") > 1:
        raise BadInput("amount", f"{text[:20]!r} can be read in two ways. Write it without a mark for thousands.")
    (amount,) = read_amounts([text])
    if amount is None or isinstance(amount, Unclear):
        why = amount.why if amount else "is not an amount such as 28.10."
        raise BadInput("amount", f"{text[:20]!r} {why}")
    if not 0 <= amount <= LARGEST:
        raise BadInput("amount", f"{text[:20]!r} is not between 0 and {LARGEST:,}. A price is never negative.")
    if amount != amount.quantize(SMALLEST):
        raise BadInput("amount", f"{text[:20]!r} has more than four digits after the point.")
    return money.Price(sku, abs(amount), currency, period, since, until)  # a nothing below zero is one


def _to_number(field: str, text: str, otherwise: int | None) -> int | None:
    if not text.strip():
        return otherwise
    try:
        return date.fromisoformat(text.strip()).toordinal() - _EPOCH
    except ValueError:
        raise BadInput(field, f"{text[:20]!r} is not a day such as 2026-08-01.") from None


def to_date(day: int | None) -> str | None:
    """A day's number as a date."""
    return None if day is None else date.fromordinal(day + _EPOCH).isoformat()


def _refuse_second_currency(who: Who, prices: Sequence[money.Price], skus: PricedSkus) -> None:
    """One SKU, one currency: a list that mixes them for the same seats could not be added up."""
    mine = Price.objects.of(who).filter(example=False)
    stored = mine.values_list("sku", "currency").distinct().order_by()
    currencies = {sku_id: currency for name, currency in stored for sku_id in skus.ids_of(name)}
    for price in prices:
        for sku_id in skus.ids_of(price.sku):
            if (before := currencies.setdefault(sku_id, price.currency)) != price.currency:
                raise BadInput(
                    "currency",
                    f"{price.sku} is priced in {before} and in {price.currency}. "
                    "Give all prices of a SKU in one currency.",
                )
