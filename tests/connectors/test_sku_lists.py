"""What a vendor's own list of SKUs says over the shipped table of products, and what of it is a guess."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from seatkeeper.connectors.microsoft.products import Watched, load_products, load_shipped
from seatkeeper.connectors.products import Product, ProductData, Sku, SkuKind
from seatkeeper.connectors.sku_lists import EVERY, ListedSku, ProductTable, SkuList, add, compare, complete
from seatkeeper.model import SeatKind

SHIPPED = load_shipped()
PRODUCTS = {product.key: product for product in SHIPPED.products}
PROJECT, VISIO, POWER_BI = (PRODUCTS[key] for key in ("microsoft-project", "microsoft-visio", "power-bi"))
OFFICE, DYNAMICS = PRODUCTS["office-365"], PRODUCTS["dynamics-365"]
LATER = "2027-03-01"
NEW = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01"
PLAN1 = VISIO.skus[0]


def plan(product: Product, name: str) -> str:
    return next(plan.id for plan in product.plans if plan.name == name)


EXCHANGE, SHAREPOINT = plan(OFFICE, "EXCHANGE_S_ENTERPRISE"), plan(OFFICE, "SHAREPOINTENTERPRISE")
TEAMS, PRO, VISIO_WEB = plan(OFFICE, "TEAMS1"), plan(POWER_BI, "BI_AZURE_P2"), plan(VISIO, "VISIOONLINE")
SALES = DYNAMICS.plans[0].id


def listed(title: str, plans: Iterable[str], sku: str = NEW, part_number: str = "NEW_SKU") -> ListedSku:
    return ListedSku(sku, part_number, title, tuple(plans))


def with_list(*skus: ListedSku, date: str = LATER) -> ProductData:
    """The shipped table, whose SKUs the list says as they are, and these."""
    carried: dict[str, ListedSku] = {}
    for product in SHIPPED.products:
        for sku in product.skus:
            before = carried[sku.id].plans if sku.id in carried else ()
            carried[sku.id] = ListedSku(sku.id, sku.part_number, sku.title, (*before, *sku.plans))
    teams = next(sku for sku in DYNAMICS.skus if sku.part_number == "DYN365_TEAM_MEMBERS")
    carried[teams.id] = msgspec.structs.replace(carried[teams.id], plans=(*carried[teams.id].plans, TEAMS))
    return complete(SHIPPED, SkuList(date, carried | {sku.id: sku for sku in skus}))


def find(data: ProductData, product: Product, sku_id: str = NEW) -> Sku | None:
    return next((sku for p in data.products if p.key == product.key for sku in p.skus if sku.id == sku_id), None)


def kinds(data: ProductData) -> dict[str, SkuKind]:
    """Of the new SKU, by product."""
    return {p.key: sku.kind for p in data.products if (sku := find(data, p))}


def test_a_title_follows_the_list_and_kind_level_and_part_number_stay() -> None:
    data = with_list(listed("Visio, renamed", [VISIO_WEB], PLAN1.id, "ANOTHER"))
    assert find(data, VISIO, PLAN1.id) == msgspec.structs.replace(PLAN1, title="Visio, renamed")
    told = [(one.what, one.sku.title) for one in compare(with_list(), data)]
    assert told == [("title", "Visio, renamed")]
    assert data.date == SHIPPED.date


def test_a_plan_is_added_and_none_is_taken_away() -> None:
    desktop = plan(VISIO, "VISIO_CLIENT_SUBSCRIPTION")
    sku = find(with_list(listed(PLAN1.title, [desktop], PLAN1.id)), VISIO, PLAN1.id)
    assert sku is not None
    assert {*sku.plans} == {*PLAN1.plans, desktop}


def test_a_plan_that_only_supports_others_changes_nothing() -> None:
    drive = plan(VISIO, "ONEDRIVE_BASIC")
    assert with_list(listed(PLAN1.title, [VISIO_WEB, drive], PLAN1.id)) == with_list()


def test_what_a_list_said_before_the_table_was_made_the_table_knows_better() -> None:
    old = with_list(listed("Old", [VISIO_WEB], PLAN1.id), listed("Visio New", [VISIO_WEB]), date="2026-01-01")
    assert find(old, VISIO, PLAN1.id) == PLAN1
    assert kinds(old) == {VISIO.key: SkuKind.SEAT}


def test_a_list_that_says_what_is_shipped_leaves_the_table_as_it_is() -> None:
    carried = {sku.id: ListedSku(sku.id, sku.part_number, sku.title, sku.plans) for sku in VISIO.skus}
    data = complete(SHIPPED, SkuList(LATER, carried))
    assert data is SHIPPED
    assert data.version == SHIPPED.date


def test_another_title_is_another_version() -> None:
    versions = {with_list(listed(title, [VISIO_WEB])).version for title in ("A", "B")} | {SHIPPED.version}
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("title", "plans", "expected"),
    [
        ("Visio Plan 3", [VISIO_WEB], {"microsoft-visio": "seat"}),
        ("Microsoft 365 E6", [EXCHANGE, SHAREPOINT], {"office-365": "seat"}),
        ("Microsoft 365 E6", [EXCHANGE, PRO], {"office-365": "seat", "power-bi": "other-product"}),
        ("Dynamics 365 New", [SALES, TEAMS], {"dynamics-365": "seat", "office-365": "other-product"}),
        ("Visio and Power BI", [VISIO_WEB, PRO], {"microsoft-visio": "seat", "power-bi": "seat"}),
        ("Windows 365", ["c0ffee00-0000-4000-8000-000000000000"], {}),
        ("Planner Plan 9", [SHAREPOINT], {}),  # a plan that comes along with others makes nobody a user
        ("Microsoft 365 E6 (Trial)", [EXCHANGE], {"office-365": "trial"}),
        ("Teams Rooms Ultra", [TEAMS], {"office-365": "device"}),
        ("Microsoft 365 E6 - Unattended License", [EXCHANGE], {"office-365": "device"}),
        ("Teams (free)", [TEAMS], {"office-365": "free"}),
        ("Freedom Classroom Trialogue", [TEAMS], {"office-365": "seat"}),  # only whole words tell
    ],
)
def test_of_a_new_sku_the_kind_is_guessed_by_its_words_and_plans(
    title: str, plans: list[str], expected: dict[str, str]
) -> None:
    data = with_list(listed(title, plans))
    assert kinds(data) == expected
    assert all(sku.guessed for product in data.products if (sku := find(data, product)))


def test_a_sku_that_another_product_lists_as_its_seat_is_that_products_licence() -> None:
    e3 = next(sku for sku in OFFICE.skus if sku.part_number == "SPE_E3")
    found = find(with_list(listed(e3.title, [VISIO_WEB], e3.id)), VISIO, e3.id)
    assert found is not None
    assert found.kind is SkuKind.OTHER_PRODUCT


def test_no_word_of_a_name_speaks_against_the_shipped_table() -> None:
    """Each SKU of the table, as if it were new and the table did not know it."""
    for product in SHIPPED.products:
        for sku in product.skus:
            users = {plan.id for plan in product.plans if plan.seat and not plan.travels}
            guessed = find(with_list(listed(sku.title, users, part_number=sku.part_number)), product)
            assert guessed is not None
            if sku.kind is SkuKind.SEAT:
                assert guessed.kind is SkuKind.SEAT, sku.title


@pytest.mark.parametrize("title", ["Teams Rooms Ultra", "Teams (free)", "Visio Trial", "Visio Plan 3"])
def test_whoever_holds_an_unlisted_sku_is_listed_after_any_guess(title: str) -> None:
    plans = [VISIO_WEB, EXCHANGE, SHAREPOINT]
    live = {NEW: plans}
    for product in (VISIO, OFFICE):
        (before,) = Watched([product], live).skus[NEW]
        after = with_list(listed(title, plans))
        (own,) = [each for each in after.products if each.key == product.key]
        for known in (live, {}):
            (now,) = Watched([own], known).skus[NEW]
            assert before.kind is SeatKind.UNLISTED
            assert now.kind in (SeatKind.SEAT, SeatKind.OTHER_PRODUCT)
            assert before.plans <= now.plans


def test_newer_lists_add_up_and_forget_nothing() -> None:
    first = {"a": ListedSku("a", "A", "Old", ("p", "q")), "b": ListedSku("b", "B", "Stays", ("p",))}
    both = add(first, {"a": ListedSku("a", "ANOTHER", "New", ("r",)), "c": ListedSku("c", "C", "Third", ())})
    assert both == {
        "a": ListedSku("a", "A", "New", ("p", "q", "r")),
        "b": first["b"],
        "c": ListedSku("c", "C", "Third", ()),
    }


class Lists:
    """Lists as a store keeps them; it counts how often it is asked."""

    def __init__(self) -> None:
        self.title, self.asked, self.read_ = "", 0, 0

    def find_version(self, _vendor: str) -> str:
        self.asked += 1
        return self.title

    def read(self, _vendor: str) -> SkuList | None:
        self.read_ += 1
        return SkuList(LATER, {NEW: listed(self.title, [VISIO_WEB])}) if self.title else None


def test_an_import_is_seen_within_seconds_and_looked_for_no_more_often() -> None:
    lists, moment = Lists(), [0.0]
    table = ProductTable("microsoft", load_shipped, lambda: moment[0])
    assert table.load() is SHIPPED
    ProductTable.follow(lists)
    assert table.load() is SHIPPED
    lists.title = "One"
    assert table.load() is SHIPPED
    moment[0] = EVERY
    assert find(table.load(), VISIO) is not None
    before = table.load()
    moment[0] *= 2
    assert table.load() is before
    assert (lists.asked, lists.read_) == (3, 2)  # what did not change is not read again
    lists.title = "Two"
    assert find(table.load(now=True), VISIO) != find(before, VISIO)
    lists.title = ""
    assert table.load(now=True) is SHIPPED


def test_a_guess_about_one_product_takes_no_seat_of_another() -> None:
    lists = Lists()
    lists.title = "Visio Plan 3"
    ProductTable.follow(lists)
    assert find(load_products(), VISIO) is not None
    (told,) = Watched([POWER_BI], {NEW: [VISIO_WEB, PRO]}).skus[NEW]
    assert told.kind is SeatKind.UNLISTED


def test_where_no_list_is_followed_the_table_is_the_shipped_one() -> None:
    assert load_products() is SHIPPED
