"""The definitions of insights/money.py: their examples are computed, and a snapshot is divided as they say."""

from __future__ import annotations

import doctest
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from seatkeeper import amounts
from seatkeeper.amounts import Money
from seatkeeper.clock import days
from seatkeeper.insights import money
from seatkeeper.insights.base import Finding, Holder, Sku, Snapshot, Subscription
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.evidence import seat_observed_since
from seatkeeper.insights.exempt import ExceptionRule, ExceptionRules
from seatkeeper.insights.money import Balance, Position, Price, PriceList, reckon
from seatkeeper.model import Evidence, to_id
from tests.insights.test_activity import NOW, PLAN, holder, snapshot, span

EUROS = Price("PROJECTPROFESSIONAL", Decimal("28.10"), "EUR", "month", 0, None)
A_YEAR = Price("PROJECT_P1", Decimal("100"), "EUR", "year", 0, None)
THIRTY = PriceList([EUROS._replace(amount=Decimal(30))], 10)
NO_EXCEPTION = ExceptionRules([], NOW)


@pytest.mark.parametrize("module", [amounts, money])
def test_the_examples_of_the_definitions_are_computed(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert (found.failed, found.attempted >= 4) == (0, True)


def named(name: str, person: Holder, **changes: object) -> Holder:
    return replace(person, account=name.encode().ljust(16, b"."), user_id=name, **changes)  # type: ignore[arg-type]


def the_story() -> Snapshot:
    """The one that the definitions tell."""
    observed = span(200)
    people = [
        named("ada", holder(3, observed=observed)),
        named("di", holder(possible=3, observed=observed)),
        named("flo", holder(2, observed=observed), guest=True),
        named("bo", holder(observed=observed)),
        named("cy", holder(100, observed=observed), blocked=True),
        named("gus", holder(observed=observed, active=1)),
        named("eve", holder(observed=observed)),
    ]
    bought = Subscription(PLAN, "Enabled", 10, 0, 0, 8)
    return replace(snapshot(observed, *people), purchases=[bought])


def on_leave(seen: Snapshot) -> ExceptionRules:
    (eve,) = [to_id(one.account) for one in seen.holders if one.user_id == "eve"]
    return ExceptionRules([ExceptionRule("", "person", eve, None)], NOW)


def of_story(**changes: object) -> Position:
    told = Position(PLAN, THIRTY.of(PLAN.part_number), 10, 0, 8, 3, 2, 2, 2, 0, 4)
    return told._replace(**changes)  # type: ignore[arg-type]


def adds_up(position: Position) -> bool:
    parts = position.used + position.idle + position.undecided + position.kept + position.elsewhere - position.beyond
    return parts == position.bought


def test_the_story_is_divided_as_the_definitions_tell_it() -> None:
    seen = the_story()
    balance = reckon(seen, find_all(seen), on_leave(seen), THIRTY)
    assert balance.positions == [of_story()]
    assert adds_up(balance.positions[0])
    assert Money.total(freed.money for freed in balance.freed) == balance.total("could_save")


def who_is_named(seen: Snapshot, balance: Balance) -> dict[str, Sequence[str]]:
    """The seats that findings give back, by the finding."""
    found = zip(find_all(seen), balance.freed, strict=True)
    return {f"{finding.key} {finding.user_id}".strip(): freed.skus for finding, freed in found if freed.seats}  # type: ignore[misc]


def test_each_seat_is_given_back_by_its_surest_finding_only() -> None:
    seen = the_story()
    balance = reckon(seen, find_all(seen), on_leave(seen), THIRTY)
    assert set(who_is_named(seen, balance)) == {"blocked cy", "never-seen bo", "unassigned"}
    assert {finding.key for finding in find_all(seen) if finding.user_id == "cy"} == {"blocked", "unused"}


def test_a_guest_who_surely_uses_the_seat_stays_a_question_and_is_no_saving() -> None:
    seen = the_story()
    assert "guest" in {finding.key for finding in find_all(seen)}
    unseen = [named("flo", holder(100, observed=None), guest=True, evidence=Evidence.CONFIRMED)]
    idle = replace(seen, holders=unseen, observed=None)
    assert set(who_is_named(idle, reckon(idle, find_all(idle), NO_EXCEPTION, THIRTY))) == {"guest flo", "unassigned"}


def test_what_an_exception_covers_is_neither_idle_nor_could_be_saved() -> None:
    seen = the_story()
    assert reckon(seen, find_all(seen), NO_EXCEPTION, THIRTY).positions == [
        of_story(unused=3, undecided=1, could_save=5)
    ]
    whole_sku = ExceptionRules([ExceptionRule("", "sku", PLAN.part_number, None)], NOW)
    assert reckon(seen, find_all(seen), whole_sku, THIRTY).positions == [
        of_story(unused=0, undecided=4, unassigned=0, kept=2, could_save=0)
    ]


@pytest.mark.parametrize(
    ("enabled", "trial", "costs"),
    [(1_000_000, 1_000_000, "0.00 EUR"), (0, 0, "0.00 EUR"), (12, 4, "2,880.00 EUR")],
)
def test_a_trial_and_what_is_not_in_force_cost_nothing_and_are_not_idle(enabled: int, trial: int, costs: str) -> None:
    seen = the_story()
    bought = replace(seen.purchases[0], enabled=enabled, trial=trial, suspended=8)
    seen = replace(seen, purchases=[bought])
    balance = reckon(seen, find_all(seen), NO_EXCEPTION, THIRTY)
    (position,) = balance.positions
    assert balance.total("bought").a_year == costs
    assert adds_up(position)
    assert position.idle == position.could_save == 0 or bought.paid
    assert (balance.seats("bought"), balance.seats("trial")) == (enabled - trial, trial)


def test_a_seat_that_carries_another_managed_product_is_not_idle_for_one_of_them() -> None:
    seen = the_story()
    shared = PLAN._replace(shared=True)
    people = [replace(one, seats=(one.seats[0]._replace(sku=shared),)) for one in seen.holders]
    seen = replace(seen, holders=people, purchases=[replace(seen.purchases[0], sku=shared)])
    (position,) = reckon(seen, find_all(seen), NO_EXCEPTION, THIRTY).positions
    assert (position.idle, position.could_save, position.kept) == (0, 0, 2)
    assert adds_up(position)


def test_what_nobody_read_of_purchases_is_taken_to_be_bought_as_it_is_held() -> None:
    seen = replace(the_story(), purchases=[])
    assert reckon(seen, find_all(seen), on_leave(seen), THIRTY).positions == [
        of_story(bought=7, assigned=7, unassigned=0, could_save=2)
    ]


def test_without_a_price_nothing_is_said_and_the_sku_is_named() -> None:
    seen = the_story()
    balance = reckon(seen, find_all(seen), NO_EXCEPTION, PriceList([], 10))
    assert not any(balance.total(part) for part in ("bought", "used", "idle", "could_save"))
    assert balance.missing_prices == ["PROJECTPROFESSIONAL"]
    assert reckon(seen, find_all(seen), NO_EXCEPTION, THIRTY).missing_prices == []


def test_a_yearly_price_is_a_twelfth_a_month_and_whole_again_over_the_year() -> None:
    seat = PriceList([A_YEAR], 10).of("PROJECT_P1")
    assert (seat.a_month, seat.a_year) == ("8.33 EUR", "100.00 EUR")
    assert Money.read(seat.times(3).write()).a_month == "25.00 EUR"


def test_the_price_of_a_day_is_the_one_that_holds_on_it() -> None:
    old = EUROS._replace(until=99)
    new = EUROS._replace(amount=Decimal(30), since=100)
    assert PriceList([new, old], 99).of("PROJECTPROFESSIONAL").a_month == "28.10 EUR"
    assert PriceList([new, old], 100).of("PROJECTPROFESSIONAL").a_month == "30.00 EUR"
    assert not PriceList([old], 100).of("PROJECTPROFESSIONAL")


def test_a_seat_given_yesterday_was_not_observed_before_there_was_a_seat() -> None:
    gus, back, begin = holder(active=2), holder(20, active=2), NOW - days(30)
    assert seat_observed_since(gus.signals, begin, gus.active) == gus.active
    assert seat_observed_since(back.signals, begin, back.active) == begin  # seen before this seat was given
    assert seat_observed_since(gus.signals, None, gus.active) is None


HIGH = Sku(b"h" * 16, "HIGH", "High", 2, frozenset({"desktop", "web"}))
WEB = Sku(b"l" * 16, "l", "Web", 1, frozenset({"web"}))
FOR_SALE = [HIGH, WEB, WEB._replace(key=b"m" * 16, part_number="m"), WEB._replace(part_number="o", opens=frozenset())]


def could_save(key: str, prices: Mapping[str, tuple[int, str]], sku: Sku = HIGH) -> str:
    """What a finding of somebody's seat could save, without giving one back."""
    told = [Price(name, Decimal(amount), currency, "month", 0, None) for name, (amount, currency) in prices.items()]
    found = Finding(key, "di", sku.title, "", None, None, "", b"d" * 16, (sku,))
    balance = reckon(the_story(), [found], NO_EXCEPTION, PriceList(told, 0), FOR_SALE)
    assert (balance.freed[0].seats, balance.freed[0].money, balance.seats("could_save")) == (0, Money(), 0)
    return balance.freed[0].perhaps.a_month


def test_a_cheaper_sku_could_save_the_difference_to_the_dearest_that_would_do() -> None:
    prices = {"HIGH": (15, "EUR"), "l": (5, "EUR"), "m": (4, "EUR"), "o": (14, "EUR")}
    assert could_save("not-activated", prices) == "10.00 EUR"
    assert could_save("only-viewing", prices) == "15.00 EUR"  # nothing would do


@pytest.mark.parametrize(
    "prices",
    [
        {"HIGH": (15, "EUR")},
        {"l": (5, "EUR")},
        {"HIGH": (15, "EUR"), "l": (5, "USD")},
        {"HIGH": (5, "EUR"), "l": (5, "EUR")},
        {},
    ],
)
def test_without_both_prices_in_one_currency_nothing_is_claimed(prices: Mapping[str, tuple[int, str]]) -> None:
    assert could_save("not-activated", prices) == ""


def test_of_a_seat_that_another_product_is_used_with_nothing_is_claimed() -> None:
    prices = {"HIGH": (15, "EUR"), "l": (5, "EUR")}
    assert could_save("not-activated", prices, HIGH._replace(shared=True)) == ""
    assert could_save("only-viewing", prices, HIGH._replace(shared=True)) == ""
