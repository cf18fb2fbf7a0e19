"""Money is exact, and what is not known is not nothing."""

from __future__ import annotations

from decimal import Decimal

from seatkeeper.insights.money import Money, Price, PriceList

EUROS = Price("PROJECTPROFESSIONAL", Decimal("28.10"), "EUR", "month", 0, None)
A_YEAR = Price("PROJECT_P1", Decimal("100"), "EUR", "year", 0, None)
DOLLARS = Price("PROJECTPREMIUM", Decimal("55"), "USD", "month", 0, None)


def test_a_yearly_price_is_a_twelfth_a_month_and_whole_again_over_the_year() -> None:
    prices = PriceList([A_YEAR], 10)
    assert str(prices.a_month("PROJECT_P1")) == "8.33 EUR"
    assert str(prices.a_month("PROJECT_P1").times(12)) == "100.00 EUR"


def test_a_thousand_seats_cost_a_thousand_times_one_seat_to_the_cent() -> None:
    prices = PriceList([EUROS], 10)
    assert str(prices.of_seats(["PROJECTPROFESSIONAL"] * 1000)) == "28,100.00 EUR"


def test_currencies_are_never_added_to_each_other() -> None:
    prices = PriceList([EUROS, DOLLARS], 10)
    assert str(prices.of_seats(["PROJECTPROFESSIONAL", "PROJECTPREMIUM"])) == "28.10 EUR + 55.00 USD"


def test_a_seat_without_a_price_is_named_and_costs_nothing_that_could_be_said() -> None:
    prices = PriceList([EUROS], 10)
    assert prices.missing(["PROJECT_P1", "PROJECTPROFESSIONAL", "PROJECT_P1"]) == ["PROJECT_P1"]
    assert str(prices.a_month("PROJECT_P1")) == ""
    assert not prices.a_month("PROJECT_P1")


def test_the_price_of_a_day_is_the_one_that_holds_on_it() -> None:
    old = EUROS._replace(until=99)
    new = EUROS._replace(amount=Decimal(30), since=100)
    assert str(PriceList([new, old], 99).a_month("PROJECTPROFESSIONAL")) == "28.10 EUR"
    assert str(PriceList([new, old], 100).a_month("PROJECTPROFESSIONAL")) == "30.00 EUR"
    assert PriceList([old], 100).missing(["PROJECTPROFESSIONAL"]) == ["PROJECTPROFESSIONAL"]


def test_money_of_nothing_is_nothing() -> None:
    assert not Money.total([])
    assert str(Money.total([Money(), Money((("EUR", Decimal("0.005")),))])) == "0.01 EUR"
