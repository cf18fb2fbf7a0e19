"""SKUs and seats as insights see them, from the product data and what the tenant says it owns."""

from __future__ import annotations

import pytest

from seatkeeper.connectors.catalog import find_product
from seatkeeper.model import to_key
from seatkeeper.reporting.seats import Skus
from seatkeeper.store.models import Subscription

POWER_BI, OFFICE = find_product("power-bi"), find_product("office-365")
PRO, FOUNDATION = "70d33638-9c74-4d01-bfd3-562de28bd4ba", "113feb6c-3fe4-4440-bddc-54d774bf0318"
EXCHANGE = "efb87545-963c-4e0d-99df-69c6916d9eb0"  # Exchange Online (Plan 2)
DISCOVERY = "c948ea65-2053-4a5a-8a62-9eaaaf11b522"  # of another product


def sku(part_number: str) -> str:
    return next(sku.id for sku in POWER_BI.skus if sku.part_number == part_number)


def owned(part_number: str, *plans: str) -> Subscription:
    return Subscription(sku=to_key(sku(part_number)), part_number=part_number, plans=",".join(plans))


@pytest.mark.parametrize(
    ("part_number", "plans", "whole"),
    [
        ("POWER_BI_PRO", (PRO, DISCOVERY, FOUNDATION), {PRO, DISCOVERY}),  # the last gives nothing by itself
        ("POWER_BI_PRO", (), set()),
        ("DEVELOPERPACK_E5", (PRO, DISCOVERY), set()),  # a trial ends, so it stands in for nothing
    ],
)
def test_a_sku_carries_all_that_the_tenant_says_of_whatever_product(
    part_number: str, plans: tuple[str, ...], whole: set[str]
) -> None:
    found = Skus(POWER_BI, [owned(part_number, *plans)]).of(to_key(sku(part_number)))
    assert found.plans == whole


def test_of_a_sku_that_the_tenant_does_not_name_nobody_knows_the_whole() -> None:
    assert Skus(POWER_BI, []).of(to_key(sku("POWER_BI_PRO"))).plans == frozenset()
    assert Skus(OFFICE, []).of(to_key(sku("SPE_E5"))).plans == frozenset()


@pytest.mark.parametrize(
    ("plans", "brings"),
    [((PRO, EXCHANGE), True), ((PRO, DISCOVERY), False), ((PRO, FOUNDATION), False), ((), False)],
)
def test_a_licence_of_any_product_may_bring_a_mailbox(plans: tuple[str, ...], brings: bool) -> None:
    found = Skus(POWER_BI, [owned("POWER_BI_PRO", *plans)]).of(to_key(sku("POWER_BI_PRO")))
    assert found.mailbox is brings


def test_one_of_which_nobody_says_what_it_carries_may_bring_a_mailbox() -> None:
    assert Skus(OFFICE, []).of(b"?" * 16).mailbox
    assert Skus(OFFICE, []).of(to_key(next(sku.id for sku in OFFICE.skus if sku.part_number == "SPE_E5"))).mailbox
