"""What is a seat of which product, by the shipped table and by what a tenant says of its SKUs; what a sign-in says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from seatkeeper.app_uses import AppSignIns, AppUse
from seatkeeper.connectors.microsoft.access import MOST_TERMS, to_questions
from seatkeeper.connectors.microsoft.licensing import PlanState, list_opened, to_licensing
from seatkeeper.connectors.microsoft.products import Watched, load_products
from seatkeeper.connectors.products import Carried, Product, SkuKind
from seatkeeper.model import Grade, SeatKind

PRODUCTS = {product.key: product for product in load_products().products}
POWER_BI, DYNAMICS, OFFICE = PRODUCTS["power-bi"], PRODUCTS["dynamics-365"], PRODUCTS["office-365"]
NEW = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01"  # a SKU that no table lists
PORTAL, SERVICE = "871c010f-5e61-4fb1-83ac-98610a7e9110", "00000009-0000-0000-c000-000000000000"
DESKTOP, TEAMS = "7f67af8a-fedc-4b08-8b4e-37c4d127b6cf", "1fec8e78-bce4-4aaf-ab1b-5451cc387264"


def sku(product: Product, part_number: str) -> str:
    return next(sku.id for sku in product.skus if sku.part_number == part_number)


def plan(product: Product, name: str) -> str:
    return next(plan.id for plan in product.plans if plan.name == name)


def carried(product: Product, sku_id: str, live: Iterable[str] = ()) -> list[Carried]:
    """What the SKU carries of the product, in a tenant that owns it with these plans."""
    return Watched([product], {sku_id: [*live]}).skus.get(sku_id, [])


def test_no_table_lists_a_sku_twice_and_every_seat_of_one_carries_a_plan_that_makes_a_user() -> None:
    assert len(PRODUCTS) == 6
    for product in PRODUCTS.values():
        seats = {plan.id for plan in product.plans if plan.seat}
        assert max(Counter(sku.id for sku in product.skus).values()) == 1, product.key
        assert all(seats & {*sku.plans} for sku in product.skus if sku.kind is SkuKind.SEAT), product.key
        assert all(len(plan.id) == 36 for plan in product.plans)


@pytest.mark.parametrize(
    ("product", "part_number", "kind"),
    [
        (OFFICE, "SPE_E3", SeatKind.SEAT),
        (OFFICE, "EXCHANGEENTERPRISE", SeatKind.SEAT),
        (OFFICE, "SHAREPOINTSTANDARD", SeatKind.SEAT),  # though its plan comes along with others
        (OFFICE, "TEAMS_EXPLORATORY", SeatKind.OTHER_PRODUCT),  # a trial is listed apart
        (POWER_BI, "POWER_BI_PRO", SeatKind.SEAT),
        (POWER_BI, "SPE_E5", SeatKind.OTHER_PRODUCT),
        (DYNAMICS, "DYN365_ENTERPRISE_PLAN1", SeatKind.SEAT),
        (DYNAMICS, "D365_SALES_ENT_ATTACH", SeatKind.SEAT),
    ],
)
def test_a_sku_counts_by_its_kind(product: Product, part_number: str, kind: SeatKind) -> None:
    (told,) = carried(product, sku(product, part_number))
    assert told.kind is kind


@pytest.mark.parametrize(
    ("product", "part_number"),
    [
        (POWER_BI, "POWER_BI_STANDARD"),
        (POWER_BI, "PBI_PREMIUM_P1_ADDON"),
        (OFFICE, "MEETING_ROOM"),
        (OFFICE, "SPE_E3_RPA1"),
        (OFFICE, "OFFICEBASIC"),
    ],
)
def test_what_is_free_or_for_rooms_programs_and_capacity_is_nobodys_seat(product: Product, part_number: str) -> None:
    live = [plan.id for plan in product.plans if plan.seat]  # whatever the tenant says that it carries
    assert carried(product, sku(product, part_number), live) == []


def test_a_plan_that_travels_makes_a_user_in_a_sku_of_its_own_product_alone() -> None:
    project = sku(PRODUCTS["microsoft-project"], "PROJECTPROFESSIONAL")
    sharepoint, exchange = plan(OFFICE, "SHAREPOINTENTERPRISE"), plan(OFFICE, "EXCHANGE_S_ENTERPRISE")
    assert carried(OFFICE, project, [sharepoint]) == []
    assert carried(OFFICE, NEW, [sharepoint]) == []
    (told,) = carried(OFFICE, NEW, [sharepoint, exchange])
    assert (told.kind, told.plans) == (SeatKind.UNLISTED, frozenset({exchange}))


def test_a_sku_that_another_product_lists_is_that_products_licence_whatever_it_carries_besides() -> None:
    copilot = PRODUCTS["microsoft-365-copilot"]
    (told,) = carried(copilot, sku(OFFICE, "SPE_E3"), [plan(copilot, "M365_COPILOT_APPS")])
    assert told.kind is SeatKind.OTHER_PRODUCT
    (told,) = carried(copilot, NEW, [plan(copilot, "M365_COPILOT_APPS")])
    assert told.kind is SeatKind.UNLISTED


def test_a_free_licence_lets_people_in_without_a_seat() -> None:
    free = PlanState(plan(POWER_BI, "BI_AZURE_P0"), "Enabled")
    told = to_licensing([], [free], [], Watched([POWER_BI], {}))
    assert isinstance(told, str)
    assert list_opened(told) == ["power-bi"]


@pytest.mark.parametrize(
    ("use", "grade"),
    [
        (AppUse(PORTAL), Grade.DIRECT),
        (AppUse(PORTAL, SERVICE), Grade.DIRECT),
        (AppUse("", SERVICE), Grade.DIRECT),
        (AppUse(TEAMS, SERVICE), Grade.DIRECT),  # of a client that says nothing of Power BI
        (AppUse(DESKTOP, SERVICE), Grade.AMBIGUOUS),  # the client says more than what it reaches
        (AppUse(PORTAL, SERVICE, away=True), Grade.AMBIGUOUS),
        (AppUse(SERVICE), None),  # a client of that id is another thing than the resource
        (AppUse(TEAMS), None),
    ],
)
def test_a_sign_in_says_what_its_client_says_and_else_what_it_reached(use: AppUse, grade: Grade | None) -> None:
    found = POWER_BI.find_app(use.name)
    assert (found and found.grade) is grade
    assert POWER_BI.uses_of(Grade.DIRECT, [use.name]) == ([use.name] if grade is Grade.DIRECT else [])


def test_what_is_asked_for_is_split_into_as_few_questions_as_a_filter_may_be_long() -> None:
    asked = frozenset(AppSignIns(f"{number:032x}") for number in range(MOST_TERMS)) | POWER_BI.watched
    questions = to_questions(0, 10**9, asked)
    assert len(questions) == 2
    assert sum(text.count("appId") for text in questions) - len(questions) == MOST_TERMS + 4  # $select has it, too
    assert f"resourceId%20eq%20%27{SERVICE}%27" in questions[-1]
    assert len(to_questions(0, 10**9, POWER_BI.watched)) == 1
