"""A price list is taken whole or not at all, and every amount in it can be right."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest

from seatkeeper.clock import Clock, days, fixed_clock
from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.model import FOREVER, to_key
from seatkeeper.reporting.price_list import price_list
from seatkeeper.services import prices
from seatkeeper.services.members import ROLES, Role, Who, operator
from seatkeeper.services.priced_skus import PricedSkus, list_shared
from seatkeeper.services.prices import NewPrice
from seatkeeper.store.models import AuditEvent, Connection, Organization, Price, Subscription
from seatkeeper.sync.vendors import list_products
from seatkeeper.tabular.tables import to_csv

pytestmark = pytest.mark.usefixtures("database")

TODAY: Clock = fixed_clock(days(20_000))
ONE, TWO, THREE = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "abc")
PLAN_3 = NewPrice("PROJECTPROFESSIONAL", "28.10", "EUR")
FILE = b'SKU,Amount,Currency,Period\nPROJECT_P1,10,EUR,month\nprojectprofessional,"336,60",eur,year\n'


def _a_month(who: Who, part_number: str = "PROJECTPROFESSIONAL", clock: Clock = TODAY) -> str:
    return price_list(who, clock).of(part_number).a_month


def test_a_new_price_ends_the_one_before_on_the_day_before() -> None:
    who = operator()
    prices.set_price(who, PLAN_3, TODAY)
    prices.set_price(who, NewPrice("PROJECTPROFESSIONAL", "31", "EUR", valid_from="2024-12-01"), TODAY)
    assert _a_month(who, clock=fixed_clock(days(20_000))) == "28.10 EUR"
    assert _a_month(who, clock=fixed_clock(days(20_057))) == "28.10 EUR"  # 2024-11-30
    assert _a_month(who, clock=fixed_clock(days(20_058))) == "31.00 EUR"
    assert AuditEvent.objects.filter(action="price.set").count() == 2


def test_a_price_that_is_deleted_leaves_the_one_that_it_took_over_from() -> None:
    who = operator()
    prices.set_price(who, PLAN_3, TODAY)
    mistake = prices.set_price(who, NewPrice("PROJECTPROFESSIONAL", "31", "EUR", valid_from="2024-12-01"), TODAY)
    prices.delete_price(who, mistake.pk, TODAY)
    assert _a_month(who, clock=fixed_clock(days(20_058))) == "28.10 EUR"


def test_a_price_for_a_while_ends_none_and_the_usual_one_goes_on_after_it() -> None:
    who = operator()
    prices.set_price(who, PLAN_3, TODAY)
    span = {"valid_from": "2024-12-01", "valid_until": "2024-12-31"}
    prices.set_price(who, NewPrice("PROJECTPROFESSIONAL", "5", "EUR", **span), TODAY)
    told = [_a_month(who, clock=fixed_clock(days(day))) for day in (20_057, 20_058, 20_088, 20_089)]
    assert told == ["28.10 EUR", "5.00 EUR", "5.00 EUR", "28.10 EUR"]


def test_a_nothing_below_zero_is_nothing() -> None:
    (price,) = prices.preview(operator(), b"SKU,Amount,Currency\nA,-0,EUR\n", "p.csv", TODAY).prices
    assert prices.write_amount(price.amount) == "0.00"


def test_a_file_is_imported_with_part_numbers_and_currencies_as_they_should_be_written() -> None:
    who = operator()
    assert len(prices.import_prices(who, FILE, "prices.csv", TODAY).prices) == 2
    assert (_a_month(who, "PROJECT_P1"), _a_month(who)) == ("10.00 EUR", "28.05 EUR")


def test_an_export_imported_again_is_the_same_list() -> None:
    who = operator()
    prices.import_prices(who, FILE, "prices.csv", TODAY)
    before = list(Price.objects.order_by("sku").values_list("sku", "amount", "currency", "valid_from"))
    prices.import_prices(who, "".join(to_csv(prices.export(who))).encode(), "prices.csv", TODAY)
    after = list(Price.objects.order_by("sku").values_list("sku", "amount", "currency", "valid_from"))
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
        ("Amount", NewPrice("A", "1,250", "EUR")),
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
    assert refused.value.first.title == column
    assert not Price.objects.exists()


def _own(who: Who, *skus: tuple[str, str]) -> None:
    """A tenant that owns these SKUs, by id and part number."""
    connection = Connection.objects.create(
        organization_id=who.organization_id, tenant_id="a", client_id="b", login_url="", graph_url="",
        credential_kind="secret", created=0,
    )  # fmt: skip
    for sku_id, part_number in skus:
        Subscription.objects.create(
            connection=connection, since=1, until=FOREVER, sku=to_key(sku_id), part_number=part_number,
            status="Enabled", enabled=9, warning=0, suspended=0, locked_out=0, consumed=0, plans="",
        )  # fmt: skip


def test_skus_that_share_a_part_number_are_priced_by_id_each_for_itself() -> None:
    who = operator()
    _own(who, (ONE, "PLAN_X"), (TWO, "PLAN_X"))
    with pytest.raises(BadInput, match=rf"plan_x is the part number of 2 SKUs.*{ONE}, {TWO}"):
        prices.set_price(who, NewPrice("plan_x", "1", "EUR"), TODAY)
    body = f"SKU,Amount,Currency\n{ONE.upper()},10,EUR\n{TWO},20,USD\nPROJECT_P1,5,EUR\n".encode()
    prices.import_prices(who, body, "prices.csv", TODAY)
    known = price_list(who, TODAY)
    assert [known.of("PLAN_X", sku).a_month for sku in (ONE, TWO)] == ["10.00 EUR", "20.00 USD"]
    assert not known.of("PLAN_X", THREE)
    prices.import_prices(who, "".join(to_csv(prices.export(who))).encode(), "prices.csv", TODAY)
    told = {row[0]: row[-1] for row in prices.export(who).rows}
    assert told == {ONE: "PLAN_X", TWO: "PLAN_X", "PROJECT_P1": "PROJECT_P1"}


def test_a_file_with_an_ambiguous_part_number_is_refused_by_row_and_ids() -> None:
    who = operator()
    _own(who, (ONE, "PLAN_X"), (TWO, "PLAN_X"))
    with pytest.raises(BadInput, match=rf"row 3, SKU: PLAN_X is the part number.*{ONE}, {TWO}.*Nothing was imported"):
        prices.import_prices(who, b"SKU,Amount,Currency\nPROJECT_P1,5,EUR\nPLAN_X,10,EUR\n", "prices.csv", TODAY)


def test_a_price_of_a_number_that_is_shared_by_now_counts_for_each_and_that_is_said() -> None:
    who = operator()
    _own(who, (ONE, "PLAN_X"))
    prices.set_price(who, NewPrice("PLAN_X", "10", "EUR"), TODAY)
    assert list_shared(who) == {}
    Subscription.objects.create(**Subscription.objects.values().get() | {"id": None, "sku": to_key(TWO)})
    assert list_shared(who) == {"PLAN_X": f"{ONE}, {TWO}"}
    with pytest.raises(BadInput, match="in EUR and in USD"):
        prices.set_price(who, NewPrice(TWO, "20", "USD"), TODAY)
    prices.set_price(who, NewPrice(TWO, "20", "EUR"), TODAY)
    known = price_list(who, TODAY)
    assert [known.of("PLAN_X", sku).a_month for sku in (ONE, TWO)] == ["10.00 EUR", "20.00 EUR"]


def test_a_price_of_nothing_by_id_is_a_price() -> None:
    who = operator()
    prices.set_price(who, PLAN_3, TODAY)
    sku = next(sku for product in list_products() for sku in product.skus if sku.part_number == PLAN_3.part_number)
    prices.set_price(who, NewPrice(sku.id, "0", "EUR"), TODAY)
    assert price_list(who, TODAY).of(sku.part_number, sku.id).a_month == "0.00 EUR"


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
    assert prices.load_example(who, TODAY) == len(prices.list_examples())
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
    unlicensed_user = Who(other.pk, "eve", ROLES[Role.ADMINISTER])
    assert prices.list_prices(unlicensed_user) == []
    with pytest.raises(NotFound):
        prices.delete_price(unlicensed_user, price.pk)
    prices.delete_price(who, price.pk)
    assert Price.objects.count() == 0


def test_who_may_only_look_cannot_set_a_price() -> None:
    viewer = operator()._replace(may=ROLES[Role.VIEWER])
    with pytest.raises(NotAllowed, match="Manage SaaS licenses"):
        prices.set_price(viewer, PLAN_3, TODAY)
    with pytest.raises(NotAllowed):
        prices.import_prices(viewer, FILE, "prices.csv", TODAY)


def test_an_amount_may_be_written_with_a_comma_or_a_space() -> None:
    assert prices.check_price(NewPrice("A", "1 234,5", "eur"), 1, PricedSkus({})).amount == Decimal("1234.5")


def test_an_amount_of_two_meanings_is_refused_by_its_column_row_and_value() -> None:
    body = b'SKU,Amount,Currency,Period\nPROJECT_P1,10,EUR,month\nPROJECTPREMIUM,"1,250",EUR,year\n'
    with pytest.raises(BadInput, match=r"row 3, Amount: '1,250' can be read in two ways\. Write 1250 or 1\.25"):
        prices.import_prices(operator(), body, "prices.csv", TODAY)
    assert not Price.objects.exists()


@pytest.mark.parametrize(("other", "right"), [('"28,10"', "1.250"), ("28.10", "1250"), ('"1.000,00"', "1.250")])
def test_the_other_amounts_of_the_column_decide(other: str, right: str) -> None:
    body = f'SKU,Amount,Currency\nA,"1,250",EUR\nB,{other},EUR\n'.encode()
    assert prices.preview(operator(), body, "prices.csv", TODAY).prices[0].amount == Decimal(right)


def test_what_a_spreadsheet_worked_out_is_rounded_to_cents_and_said() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["SKU", "Amount", "Currency"], ["A", 3.0, "EUR"], ["B", 33.59999999999999, "EUR"], ["C", 1.125, "EUR"]):
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    found = prices.preview(operator(), body.getvalue(), "prices.xlsx", TODAY)
    assert [price.amount for price in found.prices] == [Decimal(3), Decimal("33.60"), Decimal("1.125")]
    assert [str(note) for note in found.notes] == ["row 3, Amount: 33.59999999999999 was rounded to 33.60."]


def test_a_row_without_a_sku_costs_itself_and_how_many_were_taken_is_said() -> None:
    body = b"sep=;\r\nSKU;Amount;Currency\r\nA;1,5;EUR\r\n;1,5;EUR\r\n(Unknown);2;EUR\r\n"
    found = prices.import_prices(operator(), body, "prices.csv", TODAY)
    assert found.taken == "1 of 3 rows was taken."
    assert [note.number for note in found.notes] == [3, 4]
    assert Price.objects.get().amount == Decimal("1.5")


def test_columns_of_a_price_list_are_known_in_any_case() -> None:
    body = b"sku, AMOUNT ,currency,valid  from\nA,1.5,eur,2026-03-01\n"
    (price,) = prices.preview(operator(), body, "prices.csv", TODAY).prices
    assert (price.amount, price.currency, prices.to_date(price.since)) == (Decimal("1.5"), "EUR", "2026-03-01")
    with pytest.raises(BadInput, match="each once"):
        prices.preview(operator(), b"SKU,Amount,Currency,amount\nA,1,EUR,2\n", "prices.csv", TODAY)


@pytest.mark.parametrize("rows", [b"", b"(Unknown),1,EUR\n"])
def test_a_file_without_a_price_is_refused_and_the_list_stays(rows: bytes) -> None:
    who = operator()
    prices.load_example(who, TODAY)
    with pytest.raises(BadInput, match=r"it holds no prices\. Nothing was imported"):
        prices.import_prices(who, b"SKU,Amount,Currency\n" + rows, "prices.csv", TODAY)
    assert Price.objects.count() == len(prices.list_examples())


def test_days_of_a_price_list_are_decided_by_their_column() -> None:
    head = "SKU;Amount;Currency;Valid From\n"
    found = prices.preview(operator(), f"{head}A;1;EUR;01/02/2026\nB;1;EUR;31/01/2026\n".encode(), "p.csv", TODAY)
    assert [prices.to_date(price.since) for price in found.prices] == ["2026-02-01", "2026-01-31"]
    (error,) = prices.preview(operator(), f"{head}A;1;EUR;01/02/2026\n".encode(), "p.csv", TODAY).errors
    assert str(error) == ("row 2, Valid From: '01/02/2026' can be read in two ways. Write 2026-02-01 or 2026-01-02.")
