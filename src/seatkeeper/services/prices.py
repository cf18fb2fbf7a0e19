"""What an organization pays: its price list, as a page, as a file, and as what insights reckon with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.errors import BadInput, NotFound
from seatkeeper.insights import money
from seatkeeper.services import audit, redrawing
from seatkeeper.services.applications import list_applications
from seatkeeper.services.members import May, Who
from seatkeeper.services.price_list import to_day_number
from seatkeeper.services.sheets import Row, RowError, read_sheet
from seatkeeper.services.tables import Cell, Table
from seatkeeper.store.models import Price

COLUMNS: Final = ("SKU", "Amount", "Currency", "Period", "Valid From", "Valid Until")
PERIODS: Final = tuple(money.PER_YEAR)
LARGEST: Final = Decimal(1_000_000)
_EPOCH: Final = date(1970, 1, 1).toordinal()

# Round figures that nobody pays, so that a newcomer sees what prices are for. Marked as such wherever they show.
EXAMPLE: Final = {"PROJECT_P1": 10, "PROJECTPROFESSIONAL": 30, "PROJECTPREMIUM": 50, "PROJECTESSENTIALS": 7}


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price as it was typed in: everything is text, and checked."""

    part_number: str
    amount: str
    currency: str
    period: str = "month"
    valid_from: str = ""
    valid_until: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an uploaded price list would change, and what is wrong in it."""

    prices: Sequence[money.Price]
    errors: Sequence[RowError]


def list_prices(who: Who) -> list[Price]:
    who.require(May.SEE)
    return list(Price.objects.filter(organization_id=who.organization_id).order_by("part_number", "-valid_from"))


def shows_examples(who: Who) -> bool:
    """Whether amounts rest on the example list, which a banner must say."""
    return Price.objects.filter(organization_id=who.organization_id, example=True).exists()


def set_price(who: Who, new: NewPrice, clock: Clock = system_clock) -> Price:
    """Save a price; the one before it ends the day before. Raises BadInput."""
    who.require(May.LICENSES)
    price = check_price(new, to_day_number(clock()))
    with transaction.atomic():
        _refuse_second_currency(who, [price])
        saved = _save(who, price)
        audit.record(who, "price.set", price.part_number, f"{price.amount} {price.currency} a {price.period}")
        _draw_anew(who, clock)
    return saved


def _draw_anew(who: Who, clock: Clock) -> None:
    """Pages show what every seat and finding is worth: with other prices, all of it is drawn again."""
    redrawing.want(who, list_applications(who), clock)


def delete_price(who: Who, price_id: int, clock: Clock = system_clock) -> None:
    who.require(May.LICENSES)
    with transaction.atomic():
        price = Price.objects.filter(organization_id=who.organization_id, pk=price_id).first()
        if price is None:
            raise NotFound("The price")
        audit.record(who, "price.deleted", price.part_number, f"{price.amount} {price.currency} a {price.period}")
        price.delete()
        _draw_anew(who, clock)


def load_example(who: Who, clock: Clock = system_clock) -> int:
    """Fill an empty list with the example, marked as not real."""
    who.require(May.LICENSES)
    today = to_day_number(clock())
    with transaction.atomic():
        if Price.objects.filter(organization_id=who.organization_id).exists():
            raise BadInput("Prices", "there are prices already; the example is for an empty list.")
        for part_number, amount in EXAMPLE.items():
            _save(who, money.Price(part_number, Decimal(amount), "EUR", "month", today, None), example=True)
        audit.record(who, "price.example-loaded", f"{len(EXAMPLE)} prices")
        _draw_anew(who, clock)
    return len(EXAMPLE)


def preview(who: Who, body: bytes, name: str, clock: Clock = system_clock) -> Preview:
    """What a file would change; nothing is saved. Raises BadInput for a file that is no price list at all."""
    who.require(May.LICENSES)
    sheet = read_sheet(body, name)
    for needed in COLUMNS[:3]:
        if needed not in sheet.columns:
            raise BadInput("File", f"{name} has no column {needed!r}. Its columns must be: {', '.join(COLUMNS)}.")
    prices: list[money.Price] = []
    errors: list[RowError] = []
    for row in sheet.rows:
        try:
            prices.append(_read_row(row, to_day_number(clock())))
        except BadInput as error:
            errors.append(RowError(row.number, error.field, str(error).partition(": ")[2]))
    errors += _twice(sheet.rows, prices) if not errors else []
    if not errors:
        _refuse_second_currency(who, prices)
    return Preview(prices, errors)


def _read_row(row: Row, today: int) -> money.Price:
    cells = [row.cells.get(column, "") for column in COLUMNS]
    cells[3] = cells[3] or "month"
    return check_price(NewPrice(*cells), today)


def _twice(rows: Sequence[Row], prices: Sequence[money.Price]) -> Iterator[RowError]:
    seen: set[tuple[str, int]] = set()
    for row, price in zip(rows, prices, strict=True):
        if (price.part_number, price.since) in seen:
            yield RowError(row.number, "SKU", f"{price.part_number} has a price from this day on already, further up.")
        seen.add((price.part_number, price.since))


def import_prices(who: Who, body: bytes, name: str, clock: Clock = system_clock) -> int:
    """Take the file over, whole or not at all; example prices go. Raises BadInput with the first row that is wrong."""
    found = preview(who, body, name, clock)
    if found.errors:
        first = found.errors[0]
        raise BadInput("File", f"row {first.number}, {first.column}: {first.message} Nothing was imported.")
    with transaction.atomic():
        Price.objects.filter(organization_id=who.organization_id, example=True).delete()
        for price in sorted(found.prices, key=lambda price: price.since):
            _save(who, price)
        audit.record(who, "price.imported", name, f"{len(found.prices)} prices")
        _draw_anew(who, clock)
    return len(found.prices)


def export(who: Who) -> Table:
    """The list in the columns that an import takes."""
    rows: list[Sequence[Cell]] = [
        (
            p.part_number,
            write_amount(p.amount),
            p.currency,
            p.period,
            to_date(p.valid_from),
            to_date(p.valid_until),
        )
        for p in list_prices(who)
    ]
    return Table(COLUMNS, rows)


def write_amount(amount: Decimal) -> str:
    """With the cents that people expect, and whatever digits there are beyond them."""
    cents = amount.quantize(money.CENT)
    return f"{cents:f}" if cents == amount else f"{amount.normalize():f}"


def check_price(new: NewPrice, today: int) -> money.Price:
    """A price that can be right. Raises BadInput naming the column."""
    part_number = new.part_number.strip()
    known = {sku.part_number for product in load_products().products for sku in product.skus}
    if not 1 <= len(part_number) <= 100 or not part_number.isprintable():
        raise BadInput("SKU", "name the SKU by its part number, such as PROJECTPROFESSIONAL.")
    match = {number.casefold(): number for number in known}.get(part_number.casefold(), part_number)
    currency = new.currency.strip().upper()
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise BadInput("Currency", f"{new.currency[:20]!r} is not a currency of three letters, such as EUR.")
    if (period := new.period.strip().lower()) not in PERIODS:
        raise BadInput("Period", f"{new.period[:20]!r} is not one of {', '.join(PERIODS)}.")
    since = _to_number("Valid From", new.valid_from, today)
    until = _to_number("Valid Until", new.valid_until, None)
    assert since is not None
    if until is not None and until < since:
        raise BadInput("Valid Until", "it lies before the first day.")
    return money.Price(match, _to_amount(new.amount), currency, period, since, until)


def _to_amount(text: str) -> Decimal:
    """An amount written 1234.5 or 1234,5; not 1.234,50, which means another amount elsewhere."""
    plain = text.strip().replace("\u00a0", "").replace(" ", "")
    if plain.count(",") + plain.count(".") > 1:
        raise BadInput("Amount", f"{text[:20]!r} can be read in two ways. Write it without a mark for thousands.")
    try:
        amount = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise BadInput("Amount", f"{text[:20]!r} is not an amount such as 28.10.") from None
    if not amount.is_finite() or not 0 <= amount <= LARGEST:
        raise BadInput("Amount", f"{text[:20]!r} is not between 0 and {LARGEST:,}. A price is never negative.")
    if amount != amount.quantize(Decimal("0.0001")):
        raise BadInput("Amount", f"{text[:20]!r} has more than four digits after the point.")
    return amount


def _to_number(column: str, text: str, otherwise: int | None) -> int | None:
    if not text.strip():
        return otherwise
    try:
        return date.fromisoformat(text.strip()).toordinal() - _EPOCH
    except ValueError:
        raise BadInput(column, f"{text[:20]!r} is not a day such as 2026-08-01.") from None


def to_date(day: int | None) -> str | None:
    """A day's number as a date."""
    return None if day is None else date.fromordinal(day + _EPOCH).isoformat()


def _refuse_second_currency(who: Who, prices: Sequence[money.Price]) -> None:
    """One SKU, one currency: a list that mixes them for the same seats could not be added up."""
    mine = Price.objects.filter(organization_id=who.organization_id, example=False)
    currencies: dict[str, str] = dict(mine.values_list("part_number", "currency"))
    for price in prices:
        if currencies.setdefault(price.part_number, price.currency) != price.currency:
            raise BadInput(
                "Currency",
                f"{price.part_number} is priced in {currencies[price.part_number]} and in {price.currency}. "
                "Give all prices of a SKU in one currency.",
            )


def _save(who: Who, price: money.Price, *, example: bool = False) -> Price:
    """The price from its day on; an open one before it ends the day before."""
    mine = Price.objects.filter(organization_id=who.organization_id, part_number=price.part_number)
    mine.filter(valid_from__lt=price.since, valid_until=None).update(valid_until=price.since - 1)
    saved, _made = Price.objects.update_or_create(
        organization_id=who.organization_id,
        part_number=price.part_number,
        valid_from=price.since,
        defaults={
            "amount": price.amount,
            "currency": price.currency,
            "period": price.period,
            "valid_until": price.until,
            "example": example,
        },
    )
    return saved
