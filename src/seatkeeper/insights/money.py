"""What a seat costs: exact decimals, one currency at a time, and nothing where no price is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

PER_YEAR: Final = {"month": 12, "year": 1}
CENT: Final = Decimal("0.01")


class Price(NamedTuple):
    """What one seat of a SKU costs from a day on; days are counted from 1970-01-01, `until` is the last one."""

    part_number: str
    amount: Decimal
    currency: str
    period: str
    since: int
    until: int | None

    @property
    def a_month(self) -> Decimal:
        return self.amount * PER_YEAR[self.period] / 12

    def holds_on(self, day: int) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Money:
    """Amounts of several currencies, which are never added to each other."""

    amounts: tuple[tuple[str, Decimal], ...] = ()

    @classmethod
    def total(cls, parts: Iterable[Money]) -> Money:
        sums: dict[str, Decimal] = {}
        for part in parts:
            for currency, amount in part.amounts:
                sums[currency] = sums.get(currency, Decimal(0)) + amount
        return cls(tuple(sorted(sums.items())))

    def times(self, factor: int) -> Money:
        return Money(tuple((currency, amount * factor) for currency, amount in self.amounts))

    def __bool__(self) -> bool:
        return any(amount for _currency, amount in self.amounts)

    def __str__(self) -> str:
        """As people write it: "1,250.00 EUR", currencies joined by " + "; empty for nothing."""
        rounded = ((currency, amount.quantize(CENT, ROUND_HALF_UP)) for currency, amount in self.amounts)
        return " + ".join(f"{amount:,} {currency}" for currency, amount in rounded)


class PriceList:
    """The prices that hold on one day, by part number."""

    def __init__(self, prices: Iterable[Price], day: int) -> None:
        self._prices: dict[str, Price] = {}
        for price in sorted(prices, key=lambda price: price.since):
            if price.holds_on(day):
                self._prices[price.part_number] = price  # the one that began last

    def a_month(self, part_number: str) -> Money:
        """What one seat costs a month; nothing when no price is known, which is not the same as free."""
        price = self._prices.get(part_number)
        return Money(((price.currency, price.a_month),)) if price else Money()

    def missing(self, part_numbers: Iterable[str]) -> list[str]:
        """Part numbers in use for which no price is known."""
        return sorted({number for number in part_numbers if number not in self._prices})

    def of_seats(self, part_numbers: Sequence[str]) -> Money:
        """What several seats cost together a month."""
        return Money.total(self.a_month(number) for number in part_numbers)
