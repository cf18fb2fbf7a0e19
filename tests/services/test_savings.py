"""What is shown of money follows the price list to the cent, at once, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from seatkeeper.amounts import Money
from seatkeeper.clock import days
from seatkeeper.errors import BadInput
from seatkeeper.model import FOREVER, to_key
from seatkeeper.reporting import refresh
from seatkeeper.reporting.endings import saved_by_day
from seatkeeper.reporting.price_list import read_prices
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.services import exceptions, prices, reclaim, reclaim_scripts, savings
from seatkeeper.services.exceptions import NewException
from seatkeeper.services.listings import licenses
from seatkeeper.services.members import ROLES, Role, Who
from seatkeeper.services.prices import NewPrice
from seatkeeper.store.models import (
    Account,
    Application,
    DailySummary,
    Finding,
    Organization,
    Price,
    Renewal,
    Saving,
    Seat,
    SeatHolder,
    Subscription,
    Task,
)
from seatkeeper.sync.vendors import find_product
from tests.people import NAME, Tenant, open_tenant, read_tenant
from tests.spoiled import Row, spoiled

pytestmark = pytest.mark.usefixtures("database")

SOLD = ("aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-1111-4111-8111-111111111111")
P1, P3, P5 = "PROJECT_P1", "PROJECTPROFESSIONAL", "PROJECTPREMIUM"


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with read_tenant(people=120) as tenant:
        yield tenant


def test_prices_show_in_every_seat_finding_and_summary_at_once(tenant: Tenant) -> None:
    assert set(SeatHolder.objects.values_list("cost", flat=True)) == {Money()}
    prices.set_price(tenant.who, NewPrice(P3, "100", "EUR", "year"), tenant.clock)
    prices.set_price(tenant.who, NewPrice(P5, "50.0001", "USD"), tenant.clock)
    snapshot = take_snapshot(Application.objects.get(), tenant.clock)
    each = {P3: Money.of("EUR", Decimal(100), "year"), P5: Money.of("USD", Decimal("50.0001"), "month")}
    for holder in snapshot.holders:
        cost = Money.total(each.get(seat.sku.part_number, Money()) for seat in holder.seats)
        assert SeatHolder.objects.get(account=holder.account).monthly_cost == cost.a_month
    bought = {purchase.sku.part_number: purchase.bought for purchase in snapshot.purchases}
    summary = DailySummary.objects.get()
    dollars = Money.of("USD", Decimal("50.0001"), "month").times(bought[P5])
    assert summary.bought_cost.a_year == f"{bought[P3] * 100:,}.00 EUR + {dollars.a_year}"
    free = Finding.objects.get(key="unassigned", subject=P3)
    (purchase,) = [purchase for purchase in snapshot.purchases if purchase.sku.part_number == P3]
    assert free.cost == each[P3].times(purchase.bought - purchase.consumed)
    prices.delete_price(tenant.who, Price.objects.get(sku=P5).pk, tenant.clock)
    assert "USD" not in DailySummary.objects.get().bought_cost.a_year


def test_two_skus_of_one_part_number_cost_what_each_costs_and_a_returned_seat_what_its_own_did(
    database: object,
) -> None:
    """Plan 1 is called by Plan 3's part number in this tenant, as some resellers' SKUs are."""
    one, three = (
        next(sku.id for sku in find_product("microsoft-project").skus if sku.part_number == number)
        for number in (P1, P3)
    )

    def rename(row: Row) -> None:
        if row["skuId"] in (one, three):
            row["skuId"] = SOLD[row["skuId"] == three]
            row["skuPartNumber"] = "PLAN_OF_A_RESELLER"

    def resell(row: Row) -> None:
        for part in (*(row.get("assignedLicenses") or ()), *(row.get("licenseAssignmentStates") or ())):
            part["skuId"] = {one: SOLD[False], three: SOLD[True]}.get(part["skuId"], part["skuId"])

    with (
        open_tenant(people=120) as tenant,
        spoiled(resell, "/users", "/users/delta"),
        spoiled(rename, "/subscribedskus", "/directory/subscriptions"),
    ):
        tenant.sync()
        with pytest.raises(BadInput, match="part number of 2 SKUs"):
            prices.set_price(tenant.who, NewPrice("PLAN_OF_A_RESELLER", "1", "EUR"), tenant.clock)
        for sku, amount in zip(SOLD, ("10", "30"), strict=True):
            prices.set_price(tenant.who, NewPrice(sku, amount, "EUR"), tenant.clock)
        costs = {row.skus: row.cost.a_month for row in SeatHolder.objects.all() if row.skus in SOLD}
        assert costs == {SOLD[0]: "10.00 EUR", SOLD[1]: "30.00 EUR"}
        application = Application.objects.get()
        said = {"part_number": "PLAN_OF_A_RESELLER", "day": 30_000, "user_id": "bo", "finding": "unused"}
        Saving.objects.create(application=application, object_id="bo", sku=SOLD[1], **said)
        (saved,) = saved_by_day([application.pk], read_prices(application)).values()
        assert saved.a_month == "30.00 EUR"


def test_the_cost_of_departments_adds_up_to_the_whole(tenant: Tenant) -> None:
    prices.set_price(tenant.who, NewPrice(P3, "28.10", "EUR", valid_from="2020-01-01"), tenant.clock)
    holders = take_snapshot(Application.objects.get(), tenant.clock).holders
    seats = sum(seat.sku.part_number == P3 for holder in holders for seat in holder.seats)
    for group in savings.GROUPS:
        shares = savings.cost_by(tenant.who, group)
        assert sum(share.people for share in shares) == len(holders)
        assert Money.total(share.cost for share in shares) == Money.of("EUR", Decimal("28.10") * seats, "month")
    names = [share.name for share in savings.cost_by(tenant.who, "department")]
    assert set(names) == {holder.department for holder in holders}
    with pytest.raises(BadInput, match="Group"):
        savings.cost_by(tenant.who, "shoe size")


def test_what_was_saved_counts_at_the_price_of_its_day(tenant: Tenant) -> None:
    application = Application.objects.get()
    for day, part_number in ((20_000, P3), (20_001, P3), (20_040, P3), (20_040, "UNKNOWN")):
        Saving.objects.create(
            application=application,
            day=day,
            object_id="x",
            user_id="x",
            part_number=part_number,
            finding="unused",
        )
    prices.set_price(tenant.who, NewPrice(P3, "10", "EUR", valid_from="2024-10-05"), tenant.clock)
    prices.set_price(tenant.who, NewPrice(P3, "11", "EUR", valid_from="2024-11-01"), tenant.clock)
    found = [(month.month, month.saved.a_month) for month in savings.realised(tenant.who)]
    assert found == [("2024-10", "10.00 EUR"), ("2024-11", "11.00 EUR")]  # 20,000 is 2024-10-04: no price yet
    assert [month.month for month in savings.realised(tenant.who, date(2024, 11, 1))] == ["2024-11"]
    unlicensed_user = Who(Organization.objects.create(name="Other", created=0).pk, "eve", ROLES[Role.ADMINISTER])
    assert savings.realised(unlicensed_user) == []
    assert savings.cost_by(unlicensed_user, "department") == []


def test_missing_prices_are_those_of_seats_that_people_hold(tenant: Tenant) -> None:
    missing = savings.costs_by(tenant.who, "department").missing
    assert P3 in missing
    prices.set_price(tenant.who, NewPrice(P3, "1", "EUR"))
    assert savings.costs_by(tenant.who, "department").missing == [number for number in missing if number != P3]


def test_a_seat_that_was_swapped_for_another_saved_nothing(tenant: Tenant) -> None:
    first, second = Finding.objects.filter(key="never-seen", state="open").order_by("object_id")[:2]
    given_back, swapped = (SeatHolder.objects.get(object_id=finding.object_id) for finding in (first, second))
    given_back.skus, swapped.skus = f"{given_back.skus} another", "another"
    given_back.save()
    swapped.save()
    DailySummary.objects.update(digest="")
    refresh.refresh_application(Application.objects.get(), tenant.clock)
    assert [(saving.object_id, saving.part_number) for saving in Saving.objects.all()] == [
        (given_back.object_id, "another")
    ]


def refresh_again(tenant: Tenant) -> DailySummary:
    DailySummary.objects.update(digest="", generation=-1)  # as after another reading
    summary = refresh.refresh_application(Application.objects.get(), tenant.clock)
    assert summary is not None
    return summary


def test_access_that_is_lost_gives_no_seat_back_and_a_seat_that_returns_was_not_saved(tenant: Tenant) -> None:
    """Reported: plans were suspended for one reading, and the seat counted as saved for good."""
    prices.set_price(tenant.who, NewPrice(P3, "30", "EUR", valid_from="2020-01-01"), tenant.clock)
    finding = Finding.objects.filter(key="never-seen", could_save='{"EUR":"360"}').order_by("subject").first()
    assert finding is not None
    mine = Seat.objects.filter(account=to_key(finding.object_id))
    directory = Account.objects.filter(key=to_key(finding.object_id), until=FOREVER)
    generation, licensing = Task.objects.get(key="roster").generation, directory.get().licensing

    mine.update(until=generation)  # the plans are suspended; the directory has the licence as before
    assert refresh_again(tenant).saved.a_month == ""
    assert Finding.objects.get(pk=finding.pk).state == "unproven"
    mine.update(until=FOREVER)
    refresh_again(tenant)
    assert Finding.objects.get(pk=finding.pk).state == "open"  # the same finding is back

    mine.update(until=generation)
    directory.update(licensing=None)  # now the licence itself is gone
    assert refresh_again(tenant).saved.a_month == "30.00 EUR"
    assert [month.saved.a_year for month in savings.realised(tenant.who)] == ["360.00 EUR"]
    mine.update(until=FOREVER)
    directory.update(licensing=licensing)
    assert refresh_again(tenant).saved.a_month == ""
    assert savings.realised(tenant.who) == []


def test_a_trial_costs_nothing_and_none_of_it_is_idle(tenant: Tenant) -> None:
    """Reported: a trial of a million seats at 10 EUR each."""
    prices.set_price(tenant.who, NewPrice(P3, "10", "EUR", valid_from="2020-01-01"), tenant.clock)
    assert DailySummary.objects.get().bought_cost
    Subscription.objects.filter(part_number=P3).update(enabled=1_000_000)
    Renewal.objects.filter(part_number=P3).update(trial=True, total=1_000_000)
    summary = refresh_again(tenant)
    assert (summary.bought_cost.a_year, summary.idle_cost.a_year, summary.could_save.a_year) == ("0.00 EUR",) * 3
    assert not Finding.objects.filter(key="unassigned", resolved=None, subject=P3).exists()
    assert not Finding.objects.exclude(could_save="").exclude(could_save__contains='"0"').exists()


@pytest.mark.parametrize(
    ("status", "said"), [("Enabled", "renews or ends"), ("Suspended", "ends for good"), ("Deleted", "")]
)
def test_only_what_is_in_force_renews(tenant: Tenant, status: str, said: str) -> None:
    soon = tenant.clock() + days(20)
    Renewal.objects.exclude(part_number=P3).delete()
    Renewal.objects.update(status=status, next_lifecycle=soon)
    summary = refresh_again(tenant)
    found = Finding.objects.filter(key="renewal", resolved=None)
    assert [said in one.advice for one in found] == ([True] if said else [])
    shown = [one.next_renewal for one in licenses.rows(tenant.who, summary.application_id) if one.next_renewal]
    assert shown in ([], [soon])
    assert not shown or status == "Enabled"


def test_what_somebody_excepts_after_approval_is_left_out_of_the_script(tenant: Tenant) -> None:
    plan = reclaim.propose(tenant.who, NAME, "May", clock=tenant.clock)
    reclaim.approve(tenant.who, plan.pk, tenant.clock)
    item = next(
        item for item in reclaim.to_take(tenant.who, plan) if plan.items.filter(object_id=item.object_id).count() == 1
    )
    made = exceptions.exempt(tenant.who, NAME, NewException("person", item.object_id, "on leave"), tenant.clock)
    assert reclaim.outcome(tenant.who, plan).excepted == 1
    assert item.object_id not in reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]
    exceptions.end_exception(tenant.who, made.pk, tenant.clock)
    assert reclaim.outcome(tenant.who, plan).excepted == 0
    assert item.object_id in reclaim_scripts.write_script(tenant.who, plan.pk, "az")[1]
