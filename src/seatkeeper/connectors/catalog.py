"""The vendors there are, and what can be managed of each. A new vendor is a folder, and a line here."""

from __future__ import annotations

from typing import NamedTuple

from seatkeeper.connectors.base import TaskKind
from seatkeeper.connectors.microsoft.vendor import MICROSOFT
from seatkeeper.connectors.products import Product
from seatkeeper.connectors.vendor import Suite, Vendor
from seatkeeper.errors import BadInput

VENDORS: dict[str, Vendor] = {vendor.key: vendor for vendor in (MICROSOFT,)}


def list_vendors() -> list[Vendor]:
    return list(VENDORS.values())


def find_vendor(key: str) -> Vendor:
    """The vendor of a connection. Raises BadInput for one that this version does not know."""
    if key not in VENDORS:
        raise BadInput("vendor", f"{key!r} is not one that this version can read. Known: {', '.join(VENDORS)}.")
    return VENDORS[key]


def list_products() -> list[Product]:
    return [product for vendor in list_vendors() for product in vendor.products().products]


def find_product(key: str) -> Product:
    """The product of a key. Raises BadInput that names the ones there are."""
    for product in list_products():
        if product.key == key:
            return product
    raise BadInput("product", f"{key!r} is not in the catalogue. Known: {', '.join(p.key for p in list_products())}")


def find_vendor_of(product: str) -> Vendor:
    """Whose product it is. Raises BadInput that names the products there are."""
    find_product(product)
    return next(vendor for vendor in list_vendors() if any(p.key == product for p in vendor.products().products))


class SuiteOf(NamedTuple):
    vendor: Vendor
    suite: Suite


def list_suites() -> list[SuiteOf]:
    return [SuiteOf(vendor, suite) for vendor in list_vendors() for suite in vendor.suites]


def find_suite(key: str) -> SuiteOf:
    """The suite of a key, with its vendor. Raises BadInput that names the ones there are."""
    for found in list_suites():
        if found.suite.key == key:
            return found
    known = ", ".join(found.suite.key for found in list_suites())
    raise BadInput("suite", f"{key[:40]!r} is not in the catalogue. Known: {known}.")


def find_task(vendor: str, key: str) -> TaskKind:
    """The task of a vendor by its key. Raises BadInput."""
    tasks = find_vendor(vendor).tasks
    for task in tasks:
        if task.key == key:
            return task
    raise BadInput("task", f"{key[:40]!r} is not a task. Known: {', '.join(task.key for task in tasks)}.")


def name_tasks() -> dict[str, str]:
    """Titles of all tasks by their keys, in the order in which they are run; of one key, the first vendor's."""
    titles: dict[str, str] = {}
    for vendor in list_vendors():
        for task in vendor.tasks:
            titles.setdefault(task.key, task.title)
    return titles
