"""What can be managed, and what Add Application asks for each product."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from seatkeeper.services.members import May, Who
from seatkeeper.sync import vendors
from seatkeeper.sync.vendors import FEDERATED, FieldKind, FormField, Guide, Product, Suite, TaskKind, Vendor

__all__ = ["FEDERATED", "FieldKind", "FormField"]


def list_products(who: Who, search: str = "") -> list[Product]:
    """The products whose title or integration has every word of the search."""
    who.require(May.SEE)
    words = search.casefold().split()
    return [p for p in vendors.list_products() if _fits(p, words)]


def list_suites(who: Who, search: str = "") -> list[Suite]:
    """The entries for all products of a vendor at once, whose title or integration has every word of the search."""
    who.require(May.SEE)
    words = search.casefold().split()
    return [found.suite for found in vendors.list_suites() if _fits(found.suite, words)]


def _fits(entry: Product | Suite, words: Sequence[str]) -> bool:
    return all(word in f"{entry.title} {entry.integration}".casefold() for word in words)


def find_suite(who: Who, key: str) -> Suite:
    """The suite of a key. Raises BadInput that names the ones there are."""
    who.require(May.SEE)
    return vendors.find_suite(key).suite


def list_products_of(who: Who, suite: str) -> Sequence[Product]:
    """The products that can be ticked in a suite."""
    who.require(May.SEE)
    return vendors.find_suite(suite).vendor.products().products


def find_product(who: Who, key: str) -> Product:
    """The product of a key. Raises BadInput that names the ones there are."""
    who.require(May.SEE)
    return vendors.find_product(key)


def list_fields(who: Who, product: str) -> Sequence[FormField]:
    """What is asked for, of how the vendor's tenant is reached."""
    who.require(May.SEE)
    return vendors.find_vendor_of(product).form


def list_tasks(who: Who, product: str) -> Sequence[TaskKind]:
    """What can be read regularly; the optional ones are not ticked."""
    who.require(May.SEE)
    return vendors.find_vendor_of(product).tasks


def guide(who: Who, product: str) -> Guide:
    """How to let Seatkeeper in, with what each task needs but those that tell of the use of other products alone."""
    who.require(May.SEE)
    return _guide(vendors.find_vendor_of(product), {product})


def guide_suite(who: Who, suite: str) -> Guide:
    """The same for all products of a suite."""
    who.require(May.SEE)
    vendor = vendors.find_suite(suite).vendor
    return _guide(vendor, {product.key for product in vendor.products().products})


def _guide(vendor: Vendor, products: Collection[str]) -> Guide:
    return vendor.guide(list_advised(vendor, products))


def list_advised(vendor: Vendor, products: Collection[str]) -> list[TaskKind]:
    """All tasks but those that stand apart, and those that tell of the use of other products alone."""
    others = {usage.task for usage in vendor.usage if not usage.read_for.intersection(products)}
    return [task for task in vendor.tasks if task.key not in others and not task.apart]


def title_of(vendor: str) -> str:
    """What people call a vendor."""
    return vendors.find_vendor(vendor).title


def list_clouds() -> list[str]:
    """Every cloud that a vendor has, by its key."""
    forms = [field for vendor in vendors.list_vendors() for field in vendor.form]
    return [key for field in forms if field.key == "cloud" for key in field.choices]
