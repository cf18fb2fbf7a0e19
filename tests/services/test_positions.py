"""The licence position of a tenant: every SKU counted once, whatever shows it, and nothing free as a paid seat."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from seatkeeper.errors import NotFound
from seatkeeper.reporting import daily_summary
from seatkeeper.services import additions, prices
from seatkeeper.services.listings import positions
from seatkeeper.services.listings.base import Question
from seatkeeper.store.models import Application, Connection
from seatkeeper.sync.vendors import SkuKind, list_products
from tests.people import NAME, Tenant, open_tenant, rows

pytestmark = pytest.mark.usefixtures("database")

PROJECT, VISIO = "microsoft-project", "microsoft-visio"
PRODUCTS = (VISIO, "power-bi", "office-365", "dynamics-365", "microsoft-365-copilot")


def connection_id() -> int:
    return Connection.objects.get().pk


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant(people=80, everything=True) as opened:
        opened.sync()
        additions.add_products(opened.who, connection_id(), PRODUCTS)
        for part_number in ("PROJECTPROFESSIONAL", "POWER_BI_PRO"):
            new = prices.NewPrice(part_number, "10", "EUR", "month", valid_from="2026-01-01")
            prices.set_price(opened.who, new)
        opened.sync()
        yield opened


def test_each_sku_counts_once_and_the_applications_add_up_to_the_tenant(tenant: Tenant) -> None:
    listed = positions.rows(tenant.who, connection_id())
    counted = [row for row in listed if row.counts]
    assert max(Counter(row.sku for row in counted).values()) == 1
    assert {row.sku for row in counted} == {row.sku for row in listed if row.sku}
    assert all(row.counted_at == row.application for row in counted)
    *parts, whole = positions.total(listed)
    true = tenant.sandbox.truth()["seats"]
    for field in ("bought", "in_grace", "assigned", "used", "idle"):
        assert getattr(whole, field) == sum(getattr(part, field) for part in parts)
    assert whole.assigned == sum(true[row.part_number]["assigned"] for row in counted) > 0
    assert {row.part_number: row.bought for row in counted} == {
        row.part_number: true[row.part_number]["bought"] for row in counted
    }
    bought = sum(true[part_number]["bought"] for part_number in ("PROJECTPROFESSIONAL", "POWER_BI_PRO"))
    assert whole.cost.a_year == f"{120 * bought:,}.00 EUR"


def test_a_sku_that_two_applications_show_counts_at_the_one_that_was_added_first(tenant: Tenant) -> None:
    before = positions.total(positions.rows(tenant.who, connection_id()))
    project, visio = (daily_summary.newest(Application.objects.get(product=key)) for key in (PROJECT, VISIO))
    assert project
    assert visio
    told = [row for row in json.loads(project.skus) if row["part_number"] == "PROJECTPROFESSIONAL"]
    visio.skus = json.dumps(json.loads(visio.skus) + told)
    visio.save()
    listed = positions.rows(tenant.who, connection_id())
    shown = [row for row in listed if row.part_number == "PROJECTPROFESSIONAL"]
    assert [(row.counted_at, row.counts) for row in shown] == [(NAME, True), (NAME, False)]
    assert positions.total(listed) == before


def test_what_comes_inside_another_licence_has_no_figures_to_add(tenant: Tenant) -> None:
    listed = positions.rows(tenant.who, connection_id())
    inside = [row for row in listed if row.counted_at == positions.INSIDE]
    assert {row.application for row in inside} >= {"Microsoft Power BI"}
    assert all(not row.counts and row.bought is None and row.assigned is None and row.cost is None for row in inside)


def test_nothing_free_and_no_capacity_device_or_trial_is_a_paid_seat_of_any_product(tenant: Tenant) -> None:
    kinds = {(product.title, sku.id): sku.kind for product in list_products() for sku in product.skus}
    listed = positions.rows(tenant.who, connection_id())
    assert len({row.product for row in listed}) == len(PRODUCTS) + 1
    for row in listed:
        if row.sku and row.bought:
            assert kinds.get((row.product, row.sku), SkuKind.SEAT) is SkuKind.SEAT


def test_a_tenant_of_nobody_here_is_not_found(tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        positions.rows(tenant.who, connection_id() + 1)


def test_an_export_says_in_each_row_where_its_sku_counts(tenant: Tenant) -> None:
    table = positions.LISTING.export(positions.rows(tenant.who, connection_id()), Question())
    told = rows(table)
    counted = [row for row in told if row["Counted At"] == row["Application"]]
    whole = positions.total(positions.rows(tenant.who, connection_id()))[-1]
    assert sum(row["Bought"] for row in counted) == whole.bought > 0
