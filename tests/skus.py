"""Microsoft's list of SKUs and their plans, as a test writes it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from seatkeeper.connectors.microsoft.products import load_shipped
from seatkeeper.connectors.products import Product

COLUMNS: Final = (
    "Product_Display_Name", "String_Id", "GUID", "Service_Plan_Name", "Service_Plan_Id",
    "Service_Plans_Included_Friendly_Names",
)  # fmt: skip
NEW: Final = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a01"  # a SKU that no table lists
PRODUCTS: Final = {product.key: product for product in load_shipped().products}


class Listed(NamedTuple):
    """A SKU as Microsoft lists it."""

    id: str
    part_number: str
    title: str
    plans: frozenset[str]


def plan(product: Product, name: str) -> str:
    return next(plan.id for plan in product.plans if plan.name == name)


VISIO_WEB: Final = plan(PRODUCTS["microsoft-visio"], "VISIOONLINE")


def listed(title: str, *plans: str, sku: str = NEW, part_number: str = "NEW_SKU") -> Listed:
    return Listed(sku, part_number, title, frozenset(plans or [VISIO_WEB]))


def shipped(*keys: str) -> list[Listed]:
    """The SKUs of these products, or of all of them, as the shipped table has them."""
    found: dict[str, Listed] = {}
    for product in PRODUCTS.values():
        for sku in product.skus if product.key in keys or not keys else ():
            before = found[sku.id].plans if sku.id in found else frozenset()
            found[sku.id] = Listed(sku.id, sku.part_number, sku.title, before | {*sku.plans})
    return list(found.values())


def to_rows(skus: Iterable[Listed]) -> list[list[str]]:
    return [
        [sku.title, sku.part_number, sku.id, f"PLAN_{number}", each, f"Plan – {number}"]
        for sku in skus
        for number, each in enumerate(sorted(sku.plans))
    ]


def write(skus: Iterable[Listed], encoding: str = "utf-8", columns: Sequence[str] = COLUMNS) -> bytes:
    return write_rows(to_rows(skus), encoding, columns)


def write_rows(rows: Iterable[Sequence[str]], encoding: str = "utf-8", columns: Sequence[str] = COLUMNS) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode(encoding)
