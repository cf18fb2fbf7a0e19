"""A price list is taken whole or not at all, and every amount in it can be right."""

from __future__ import annotations

from decimal import Decimal

import pytest

from seatkeeper.clock import Clock, days, fixed_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.services import prices
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.services.price_list import price_list
from seatkeeper.services.prices import NewPrice
from seatkeeper.services.tables import to_csv
from seatkeeper.store.models import AuditEvent, Organization, Price

pytestmark = pytest.mark.usefixtures("database")

TODAY: Clock = fixed_clock(days(20_000))
PLAN_3 = NewPrice("PROJECTPROFESSIONAL", "28.10", "EUR")
FILE = b'SKU,Amount,Currency,Period\nPROJECT_P1,10,EUR,month\nprojectprofessional,"336,60",eur,year\n'


def _a_month(who: Who, part_number: str = "PROJECTPROFESSIONAL", clock: Clock = TODAY) -> str:
    return str(price_list(who.organization_id, clock).a_month(part_number))


def test_a_new_price_ends_the_one_before_on_the_day_before() -> None:
    who = operator()
    prices.set_price(who, PLAN_3, TODAY)
    prices.set_price(who, NewPrice("PROJECTPROFESSIONAL", "31", "EUR", valid_from="2024-12-01"), TODAY)
    assert _a_month(who, clock=fixed_clock(days(20_000))) == "28.10 EUR"
    assert _a_month(who, clock=fixed_clock(days(20_057))) == "28.10 EUR"  # 2024-11-30
    assert _a_month(who, clock=fixed_clock(days(20_058))) == "31.00 EUR"
    assert AuditEvent.objects.filter(action="price.set").count() == 2


def test_a_file_is_imported_with_part_numbers_and_currencies_as_they_should_be_written() -> None:
    who = operator()
    assert prices.import_prices(who, FILE, "prices.csv", TODAY) == 2
    assert (_a_month(who, "PROJECT_P1"), _a_month(who)) == ("10.00 EUR", "28.05 EUR")


def test_an_export_imported_again_is_the_same_list() -> None:
    who = operator()
    prices.import_prices(who, FILE, "prices.csv", TODAY)
    before = list(Price.objects.order_by("part_number").values_list("part_number", "amount", "currency", "valid_from"))
    prices.import_prices(who, "".join(to_csv(prices.export(who))).encode(), "prices.csv", TODAY)
    after = list(Price.objects.order_by("part_number").values_list("part_number", "amount", "currency", "valid_from"))
    assert after == before


def test_a_file_with_one_wrong_row_changes_nothing_and_names_every_wrong_row() -> None:
    who = operator()
    bad = b"SKU,Amount,Currency\nPROJECT_P1,10,EUR\nPROJECTPREMIUM,-5,EUR\nPROJECTCLIENT,5,euros\n"
    errors = prices.preview(who, bad, "prices.csv", TODAY).errors
    assert [(error.number, error.column) for error in errors] == [(3, "Amount"), (4, "Currency")]
    with pytest.raises(BadInput, match="row 3, Amount"):
        prices.import_prices(who, bad, "prices.csv", TODAY)
    assert not Price.objects.exists()


@pytest.mark.parametrize(
    ("column", "new"),
    [
        ("Amount", NewPrice("A", "-1", "EUR")),
        ("Amount", NewPrice("A", "1.234,50", "EUR")),
        ("Amount", NewPrice("A", "NaN", "EUR")),
        ("Amount", NewPrice("A", "1e9", "EUR")),
        ("Amount", NewPrice("A", "1.00001", "EUR")),
        ("Amount", NewPrice("A", "=1+1", "EUR")),
        ("Currency", NewPrice("A", "1", "€")),
        ("Currency", NewPrice("A", "1", "")),
        ("Period", NewPrice("A", "1", "EUR", "week")),
        ("Valid From", NewPrice("A", "1", "EUR", valid_from="2026-02-30")),
        ("Valid Until", NewPrice("A", "1", "EUR", valid_from="2026-02-03", valid_until="2026-02-02")),
        ("SKU", NewPrice(" ", "1", "EUR")),
    ],
)
def test_a_price_that_cannot_be_right_is_refused_by_the_name_of_its_column(column: str, new: NewPrice) -> None:
    with pytest.raises(BadInput) as refused:
        prices.set_price(operator(), new, TODAY)
    assert refused.value.field == column
    assert not Price.objects.exists()


def test_a_sku_has_one_currency() -> None:
    who = operator()
    prices.set_price(who, PLAN_3, TODAY)
    with pytest.raises(BadInput, match="in EUR and in USD"):
        prices.set_price(who, NewPrice("PROJECTPROFESSIONAL", "30", "USD", valid_from="2025-01-01"), TODAY)
    with pytest.raises(BadInput, match="in EUR and in USD"):
        prices.preview(who, b"SKU,Amount,Currency\nPROJECTPROFESSIONAL,30,USD\n", "prices.csv", TODAY)


def test_the_same_price_twice_in_a_file_is_named() -> None:
    errors = prices.preview(
        operator(), b"SKU,Amount,Currency\nA,1,EUR\nB,1,EUR\na,2,EUR\nA,3,EUR\n", "p.csv", TODAY
    ).errors
    assert [(error.number, error.column) for error in errors] == [(5, "SKU")]


def test_example_prices_say_so_and_make_way_for_real_ones() -> None:
    who = operator()
    assert prices.load_example(who, TODAY) == len(prices.EXAMPLE)
    assert prices.shows_examples(who)
    with pytest.raises(BadInput, match="empty list"):
        prices.load_example(who, TODAY)
    prices.import_prices(who, FILE, "prices.csv", TODAY)
    assert not prices.shows_examples(who)
    assert Price.objects.count() == 2


def test_another_organization_sees_and_deletes_nothing_of_it() -> None:
    who = operator()
    price = prices.set_price(who, PLAN_3, TODAY)
    other = Organization.objects.create(name="Other", created=0)
    stranger = Who(other.pk, "eve", ROLES[Role.ADMINISTER])
    assert prices.list_prices(stranger) == []
    with pytest.raises(NotFound):
        prices.delete_price(stranger, price.pk)
    prices.delete_price(who, price.pk)
    assert Price.objects.count() == 0


def test_who_may_only_look_cannot_set_a_price() -> None:
    viewer = operator()._replace(may=ROLES[Role.VIEWER])
    with pytest.raises(NotAllowed, match="Manage SaaS licenses"):
        prices.set_price(viewer, PLAN_3, TODAY)
    with pytest.raises(NotAllowed):
        prices.import_prices(viewer, FILE, "prices.csv", TODAY)


def test_an_amount_may_be_written_with_a_comma_or_a_space() -> None:
    assert prices.check_price(NewPrice("A", "1 234,5", "eur"), 1).amount == Decimal("1234.5")
