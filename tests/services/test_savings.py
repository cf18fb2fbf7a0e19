"""What is shown of money follows the price list to the cent, at once, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from seatkeeper.errors import BadInput
from seatkeeper.insights.money import Money
from seatkeeper.services import drawing, prices, savings
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.services.picture import draw_picture
from seatkeeper.services.prices import NewPrice
from seatkeeper.store.models import Application, Finding, Holding, Organization, Price, Saving, Standing
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

P1, P3, P5 = "PROJECT_P1", "PROJECTPROFESSIONAL", "PROJECTPREMIUM"


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with open_tenant(people=120) as tenant:
        tenant.sync()
        yield tenant


def test_prices_show_in_every_seat_finding_and_standing_at_once(tenant: Tenant) -> None:
    assert set(Holding.objects.values_list("monthly_cost", flat=True)) == {""}
    prices.set_price(tenant.who, NewPrice(P3, "100", "EUR", "year"), tenant.clock)
    prices.set_price(tenant.who, NewPrice(P5, "50.0001", "USD"), tenant.clock)
    picture = draw_picture(Application.objects.get(), tenant.clock)
    each = {P3: Money((("EUR", Decimal(100) / 12),)), P5: Money((("USD", Decimal("50.0001")),))}
    for holder in picture.holders:
        cost = Money.total(each.get(seat.plan.part_number, Money()) for seat in holder.seats)
        assert Holding.objects.get(account=holder.account).monthly_cost == str(cost)
    bought = {purchase.plan.part_number: purchase.bought for purchase in picture.purchases}
    standing = Standing.objects.get()
    assert standing.annual_cost == f"{bought[P3] * 100:,}.00 EUR + " + str(
        Money((("USD", Decimal("50.0001") * 12 * bought[P5]),))
    )
    free = Finding.objects.get(key="unassigned", subject=P3)
    (purchase,) = [purchase for purchase in picture.purchases if purchase.plan.part_number == P3]
    assert free.monthly_cost == str(each[P3].times(purchase.bought - purchase.consumed))
    prices.delete_price(tenant.who, Price.objects.get(part_number=P5).pk, tenant.clock)
    assert "USD" not in Standing.objects.get().annual_cost


def test_the_cost_of_departments_adds_up_to_the_whole(tenant: Tenant) -> None:
    prices.set_price(tenant.who, NewPrice(P3, "28.10", "EUR", valid_from="2020-01-01"), tenant.clock)
    holders = draw_picture(Application.objects.get(), tenant.clock).holders
    seats = sum(seat.plan.part_number == P3 for holder in holders for seat in holder.seats)
    for group in savings.GROUPS:
        shares = savings.cost_by(tenant.who, group)
        assert sum(share.people for share in shares) == len(holders)
        assert Money.total(share.a_month for share in shares) == Money((("EUR", Decimal("28.10") * seats),))
    names = [share.name for share in savings.cost_by(tenant.who, "department")]
    assert set(names) == {holder.department for holder in holders}
    with pytest.raises(BadInput, match="group"):
        savings.cost_by(tenant.who, "shoe size")


def test_what_was_saved_counts_at_the_price_of_its_day(tenant: Tenant) -> None:
    application = Application.objects.get()
    for day, part_number in ((20_000, P3), (20_001, P3), (20_040, P3), (20_040, "UNKNOWN")):
        Saving.objects.create(
            application=application, day=day, object_id="x", user_id="x", part_number=part_number, finding="unused"
        )
    prices.set_price(tenant.who, NewPrice(P3, "10", "EUR", valid_from="2024-10-05"), tenant.clock)
    prices.set_price(tenant.who, NewPrice(P3, "11", "EUR", valid_from="2024-11-01"), tenant.clock)
    found = [(month.month, str(month.a_month)) for month in savings.realised(tenant.who)]
    assert found == [("2024-10", "10.00 EUR"), ("2024-11", "11.00 EUR")]  # 20,000 is 2024-10-04: no price yet
    assert [month.month for month in savings.realised(tenant.who, date(2024, 11, 1))] == ["2024-11"]
    stranger = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER])
    assert savings.realised(stranger) == []
    assert savings.cost_by(stranger, "department") == []


def test_missing_prices_are_those_of_seats_that_people_hold(tenant: Tenant) -> None:
    missing = savings.costs_by(tenant.who, "department").missing
    assert P3 in missing
    prices.set_price(tenant.who, NewPrice(P3, "1", "EUR"))
    assert savings.costs_by(tenant.who, "department").missing == [number for number in missing if number != P3]


def test_a_seat_that_was_swapped_for_another_saved_nothing(tenant: Tenant) -> None:
    first, second = Finding.objects.filter(key="never-seen", state="open").order_by("object_id")[:2]
    given_back, swapped = (Holding.objects.get(object_id=finding.object_id) for finding in (first, second))
    given_back.skus, swapped.skus = f"{given_back.skus} another", "another"
    given_back.save()
    swapped.save()
    Standing.objects.update(digest="")
    drawing.draw(Application.objects.get(), tenant.clock)
    assert [(saving.object_id, saving.part_number) for saving in Saving.objects.all()] == [
        (given_back.object_id, "another")
    ]
