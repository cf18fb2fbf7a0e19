"""The money of a tenant is the same on every surface, to the cent, and its parts add up to the whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from seatkeeper.amounts import CENT, Money
from seatkeeper.model import to_id
from seatkeeper.reporting.daily_summary import list_positions
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.services import exceptions, findings, prices, reclaim, reports, savings, what_if
from seatkeeper.services.applications import add_application
from seatkeeper.services.exceptions import NewException
from seatkeeper.services.members import Role, Who, operator
from seatkeeper.services.prices import NewPrice
from seatkeeper.store.models import Application, DailySummary, Finding, SeatHolder
from tests.api.conftest import Caller, Calls
from tests.conftest import Database
from tests.insights_truth.life import visit
from tests.insights_truth.world import World, read_from
from tests.thorough import in_turn
from tests.web.conftest import SignedIn

PRICES = (("PROJECT_P1", "100.01", "EUR", "year"), ("PROJECTPROFESSIONAL", "28.10", "EUR", "month"),
          ("PROJECTPREMIUM", "50.0001", "USD", "month"))  # fmt: skip
PARTS = ("used", "idle", "undecided", "kept", "elsewhere")
IDLE = ("inactive", "never seen")


def grow_up(world: World, who: Who) -> Application:
    """A tenant with a past: read for weeks, with prices, decisions and exceptions."""
    application = add_application(who, world.new_application())
    Application.objects.filter(pk=application.pk).update(grace_days=world.grace)
    for price in PRICES:
        prices.set_price(who, NewPrice(*price, valid_from="2026-01-01"), world.clock)
    visit(who, world)
    decide(world, who, application)
    for step in world.visits[:8]:
        world.move(step)
        visit(who, world)
    decide(world, who, application)
    return Application.objects.get()


def decide(world: World, who: Who, application: Application) -> None:
    """Some findings are accepted, and a person, a department and a SKU are excepted."""
    living = Finding.objects.filter(state="open", seats__gt=0).exclude(key__in=("deleted", "unassigned"))
    if finding := living.order_by("subject").first():
        findings.accept(who, finding.pk, clock=world.clock)
    if finding := living.order_by("subject").last():
        exception = NewException("person", finding.object_id, "on leave", finding.key)
        exceptions.exempt(who, application.pk, exception, world.clock)
    department = SeatHolder.objects.filter(status__in=IDLE).exclude(department="").values_list("department", flat=True)
    if name := department.order_by("department").first():
        exceptions.exempt(who, application.pk, NewException("department", name, "a new team"), world.clock)
    exceptions.exempt(who, application.pk, NewException("sku", "PROJECT_P1", "kept", "unassigned"), world.clock)


def of_rest(amounts: Iterable[dict[str, str]]) -> Money:
    return Money.total(Money.of(row["currency"], Decimal(row["amount"]), row["period"]) for row in amounts)


def cents(money: Money) -> dict[str, Decimal]:
    return {currency: amount.quantize(CENT) for currency, amount in money.amounts if amount}


def all_rows(caller: Caller, path: str) -> list[dict[str, Any]]:
    status, page = caller.get(f"{path}{'&' if '?' in path else '?'}size=1000")
    assert (status, page["pages"]) == (200, 1)
    return page["rows"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", in_turn([5, 31, 1, 3], 4))
def test_every_surface_says_the_same_and_the_parts_add_up(
    database: Database,
    signed_in: SignedIn,
    calls: Calls,
    seed: int,
) -> None:
    world, who = World(seed, 60), operator()
    browser, caller = signed_in(Role.LICENSES), calls(Role.LICENSES)
    with read_from(world):
        application = grow_up(world, who)
        summary = DailySummary.objects.order_by("-day")[0]
        assert all(cents(money) for money in (summary.bought_cost, summary.idle_cost, summary.could_save))
        check_parts(summary)
        check_against_a_plain_count(world, application, summary)
        check_findings(world, caller, summary)
        check_plans(who, world, application, summary)
        check_what_if(who, world, application, summary, caller)
        check_costs(who, caller, summary)
        check_lists(world, caller, browser, summary)
        check_pages(browser, application, summary)


def check_parts(summary: DailySummary) -> None:
    """Seats and money of each SKU, and the sums of all."""
    rows = list_positions(summary)
    for row in rows:
        assert sum(row[part] for part in PARTS) - row["beyond"] == row["paid"], row
        assert min(row[part] for part in (*PARTS[:4], "beyond", "could_save")) >= 0, row
    for part, total in (("paid", summary.bought_cost), ("idle", summary.idle_cost), ("could_save", summary.could_save)):
        assert cents(Money.total(Money.read(row["price"]).times(row[part]) for row in rows)) == cents(total)


def check_against_a_plain_count(world: World, application: Application, summary: DailySummary) -> None:
    """Idle seats, counted by hand from what pages show of people."""
    rules = exceptions.list_exceptions(operator(), application.pk)
    person = {(row.value, row.finding) for row in rules if row.scope == "person"}
    departments = {row.value for row in rules if row.scope == "department"}
    key = {"inactive": "unused", "never seen": "never-seen"}
    held = [
        sku
        for row in SeatHolder.objects.filter(status__in=IDLE)
        if row.department not in departments and (row.object_id, key[row.status]) not in person
        for sku in row.skus.split()
    ]
    snapshot = take_snapshot(application, world.clock)
    new = [h for h in snapshot.holders if h.active is not None and snapshot.as_of - h.active < snapshot.grace]
    assert not SeatHolder.objects.filter(object_id__in=[to_id(h.account) for h in new], status__in=IDLE).exists()
    for purchase in snapshot.purchases:
        sku, number = to_id(purchase.sku.key), purchase.sku.part_number
        free = 0 if number == "PROJECT_P1" else max(0, purchase.bought - purchase.consumed)
        (row,) = [row for row in list_positions(summary) if row["sku"] == sku]
        assert row["idle"] == held.count(sku) + free, row


def check_findings(world: World, caller: Caller, summary: DailySummary) -> None:
    rows = Finding.objects.filter(state__in=("open", "accepted"))
    assert cents(Money.total(row.could_save for row in rows)) == cents(summary.could_save)
    assert not Finding.objects.exclude(state__in=("open", "accepted")).filter(seats__gt=0).exists()
    told = [row for row in all_rows(caller, "/findings?saves=yes") if row["could_save_a_month_amounts"]]
    assert cents(of_rest(amount for row in told for amount in row["could_save_a_month_amounts"])) == cents(
        summary.could_save
    )
    table = findings.findings(operator(), Application.objects.get().name)
    place = table.columns.index("Could Save")
    mine = sorted(row.could_save.a_month for row in rows if row.could_save)
    assert sorted(str(row[place]) for row in table.rows if row[place]) == mine


def check_plans(who: Who, world: World, application: Application, summary: DailySummary) -> None:
    parts = savings.could_save(who, application.pk)
    assert cents(savings.add_up(parts).cost) == cents(summary.could_save)
    plan = reclaim.propose(who, application.pk, "All", clock=world.clock)
    items = reclaim.list_items(who, plan)
    assert (len(items), cents(reclaim.outcome(who, plan).worth)) == (parts[0].seats, cents(parts[0].cost))
    assert cents(Money.total(item.cost for item in items)) == cents(parts[0].cost)
    used = {row.object_id for row in SeatHolder.objects.filter(status="active")}
    assert not [item for item in items if item.object_id in used and item.finding not in ("blocked", "two-plans")]


def check_what_if(who: Who, world: World, application: Application, summary: DailySummary, caller: Caller) -> None:
    found = what_if.what_if(who, application.pk, application.threshold_days, clock=world.clock)
    assert cents(found.today.idle) == cents(found.then.idle) == cents(summary.idle_cost)
    one = caller.get(f"/applications/{application.pk}/what-if?threshold_days={application.threshold_days}")[1]["today"]
    assert cents(of_rest(one["idle_a_year"])) == cents(of_rest(one["idle_a_month"])) == cents(summary.idle_cost)
    assert one["idle_seats"] == sum(row["idle"] for row in list_positions(summary))


def check_costs(who: Who, caller: Caller, summary: DailySummary) -> None:
    held = Money.total(row.cost for row in SeatHolder.objects.all())
    for group in savings.GROUPS:
        costs = savings.costs_by(who, group)
        assert (cents(costs.bought), cents(costs.idle)) == (cents(summary.bought_cost), cents(summary.idle_cost))
        assert cents(Money.total(share.cost for share in costs.shares)) == cents(held)
        rows = caller.get(f"/costs?by={group}")[1]
        for key, total in (("a_month", held), ("idle_a_month", Money.total(s.idle_cost for s in costs.shares))):
            assert cents(of_rest(amount for row in rows for amount in row[key])) == cents(total)
    saved = of_rest(amount for row in caller.get("/savings")[1] for amount in row["a_month"])
    assert cents(saved) == cents(summary.saved)


def check_lists(world: World, caller: Caller, browser: Client, summary: DailySummary) -> None:
    (row,) = all_rows(caller, "/applications")
    texts = {
        "annual_cost": summary.bought_cost.a_year, "idle_cost_a_year": summary.idle_cost.a_year,
        "idle_cost": summary.idle_cost.a_month, "could_save_a_year": summary.could_save.a_year,
        "saved_a_year": summary.saved.a_year,
    }  # fmt: skip
    assert {key: row[key] for key in texts} == texts
    assert cents(of_rest(row["idle_cost_amounts"])) == cents(summary.idle_cost)
    export = browser.get("/applications/export.csv")
    body = getattr(export, "content", None) or b"".join(getattr(export, "streaming_content", ()))
    (cells,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert (cells["Bought, a year"], cells["Idle, a year"]) == (texts["annual_cost"], texts["idle_cost_a_year"])
    skus = all_rows(caller, f"/applications/{summary.application_id}/licenses")
    for key, total in (
        ("annual_cost", summary.bought_cost), ("monthly_cost", summary.bought_cost),
        ("idle_cost_a_year", summary.idle_cost), ("idle_cost_a_month", summary.idle_cost),
    ):  # fmt: skip
        assert cents(of_rest(amount for sku in skus for amount in sku[f"{key}_amounts"])) == cents(total), key
    (report,) = reports.to_table(reports.reports(operator())).written()
    assert [report[-2] or "", report[-1] or ""] == [summary.saved.a_month, summary.could_save.a_month]


def check_pages(browser: Client, application: Application, summary: DailySummary) -> None:
    """Each tile of the overview leads to a page that adds up to it."""
    at = f"/applications/{application.pk}"
    overview = browser.get(at).content.decode()
    for total, title in (
        (summary.bought_cost, "bought, a year"), (summary.idle_cost, "idle, a year"),
        (summary.could_save, "could be saved, a year"),
    ):  # fmt: skip
        assert f"<strong>{total.a_year}</strong><span>{title}" in overview
    assert "No price is known for" in overview or all(row["price"] for row in list_positions(summary))
    assert summary.idle_cost.a_year in browser.get(f"{at}/what-if").content.decode()
    assert f"<strong>{summary.could_save.a_year}</strong>" in browser.get(f"{at}/plans").content.decode()
    assert summary.bought_cost.a_year in browser.get("/prices").content.decode()
    assert browser.get(f"{at}/licenses?columns=title,used,idle,undecided,kept,elsewhere,beyond").status_code == 200
