"""Amounts of money over time: exact decimals, every currency apart, and always with their period."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

PER_YEAR: Final = {"month": 12, "year": 1}
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """What something costs, in one or several currencies, which are never added to each other.

    The amounts are for a year, because every price is exact for a year: 100 EUR a year is no whole number of cents a
    month. Whoever writes an amount names the period: `a_year`, `a_month`, or `per`. Without amounts, nothing is known,
    which is not the same as 0.00 EUR.

    >>> seat = Money.of("EUR", Decimal(100), "year")
    >>> seat.a_month, seat.times(3).a_month, seat.times(12).a_year
    ('8.33 EUR', '25.00 EUR', '1,200.00 EUR')
    >>> Money.total([seat, Money.of("USD", Decimal("5.50"), "month")]).a_year
    '100.00 EUR + 66.00 USD'
    >>> bool(Money()), bool(seat.times(0)), seat.times(0).a_year
    (False, True, '0.00 EUR')
    """

    amounts: tuple[tuple[str, Decimal], ...] = ()

    @classmethod
    def of(cls, currency: str, amount: Decimal, period: str) -> Money:
        return cls(((currency, amount * PER_YEAR[period]),))

    @classmethod
    def total(cls, parts: Iterable[Money]) -> Money:
        sums: dict[str, Decimal] = {}
        for part in parts:
            for currency, amount in part.amounts:
                sums[currency] = sums.get(currency, Decimal(0)) + amount
        return cls(tuple(sorted(sums.items())))

    @classmethod
    def read(cls, text: str) -> Money:
        """What `write` wrote."""
        told: dict[str, str] = json.loads(text) if text else {}
        return cls(tuple((currency, Decimal(amount)) for currency, amount in told.items()))

    def write(self) -> str:
        """As it is stored: a year's amounts by currency, as JSON; empty where nothing is known."""
        told = {currency: f"{amount.normalize():f}" for currency, amount in self.amounts}
        return json.dumps(told, separators=(",", ":")) if told else ""

    def times(self, factor: int) -> Money:
        return Money(tuple((currency, amount * factor) for currency, amount in self.amounts))

    def per(self, period: str) -> tuple[tuple[str, Decimal], ...]:
        """The amounts of a month or a year, with all their digits."""
        return tuple((currency, amount / PER_YEAR[period]) for currency, amount in self.amounts)

    @property
    def a_month(self) -> str:
        """As people write it: "1,250.00 EUR", currencies joined by " + "; empty where nothing is known."""
        return self._write("month")

    @property
    def a_year(self) -> str:
        return self._write("year")

    def _write(self, period: str) -> str:
        rounded = ((currency, amount.quantize(CENT, ROUND_HALF_UP)) for currency, amount in self.per(period))
        return " + ".join(f"{amount:,} {currency}" for currency, amount in rounded)

    def __bool__(self) -> bool:
        return bool(self.amounts)
