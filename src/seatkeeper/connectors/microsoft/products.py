"""Microsoft's products as data: which SKUs and service plans are a seat, which sign-in applications are use.

GUIDs decide, never names: `assignedPlans.service` contains "Project" for exactly the wrong people
(view-only "Project for Office" and basic Planner). The shipped table is dated and known to lag behind: where the
tenant's own `subscribedSkus` says what a SKU carries, that counts (a live PROJECTPREMIUM carries other plans).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from seatkeeper.app_uses import AppSignIns
from seatkeeper.connectors.products import Carried, Product, ProductData, SkuKind, digest, read_products
from seatkeeper.connectors.sku_lists import ProductTable
from seatkeeper.model import SeatKind

OPERATIONS = "operations"  # Project inside Dynamics 365 Project Operations: listed apart, never a seat
OPENS = (OPERATIONS, "view-only", "free")  # plans of other products that let people in to the product without a seat
RULE = 4  # to be raised when the same answer makes other seats: then everybody is read again


@cache
def load_shipped() -> ProductData:
    """The shipped table of products, with its date and source."""
    return read_products("microsoft_products.json")


TABLE: Final = ProductTable("microsoft", load_shipped)
load_products = TABLE.load


@cache
def list_apps() -> frozenset[AppSignIns]:
    """The sign-ins that tell of the use of any product, be it watched or not."""
    return frozenset[AppSignIns]().union(*(product.watched for product in load_shipped().products))


# A trial is listed apart, as what comes inside another licence: nobody paid for it to be used. So is what is guessed to
# be for devices, or free: by a guess nobody is left out.
_KINDS: Final = {
    SkuKind.SEAT: SeatKind.SEAT,
    SkuKind.OTHER_PRODUCT: SeatKind.OTHER_PRODUCT,
    SkuKind.TRIAL: SeatKind.OTHER_PRODUCT,
}


class Watched:
    """The SKUs and plans that matter for the managed products of one tenant.

    `live` maps the SKUs that the tenant says it owns to their service plan ids.
    """

    def __init__(self, products: Iterable[Product], live: Mapping[str, Iterable[str]]) -> None:
        self.products = tuple(products)
        self.plan_names: dict[str, str] = {}
        self.openers: dict[str, list[str]] = {}  # products by the plans of other products that open them
        self.skus: dict[str, list[Carried]] = {}
        # A SKU that a product does not list, and that carries it by what the tenant says, is another product's licence
        # where that one lists it. Not where that is a guess, too: then it counts as before it was guessed.
        shipped = {sku.id for product in TABLE.shipped().products for sku in product.skus}
        for product in self.products:
            counted = {plan.id for plan in product.plans if plan.seat}
            apart = counted | {plan.id for plan in product.plans if plan.class_ == OPERATIONS}
            self.plan_names |= {plan.id: plan.name for plan in product.plans if plan.id in apart}
            for plan in product.plans:
                if plan.class_ in OPENS:
                    self.openers.setdefault(plan.id, []).append(product.key)
            travelling = {plan.id for plan in product.plans if plan.travels}
            listed = {sku.id: sku for sku in product.skus}
            for sku_id in listed.keys() | live.keys():
                sku = listed.get(sku_id)
                if sku and sku.kind not in _KINDS and not sku.guessed:
                    continue
                if sku:
                    kind = _KINDS.get(sku.kind, SeatKind.OTHER_PRODUCT)
                else:
                    kind = SeatKind.OTHER_PRODUCT if sku_id in shipped else SeatKind.UNLISTED
                matters = apart if kind is SeatKind.OTHER_PRODUCT else counted
                plans = matters & {*(live.get(sku_id) or (sku.plans if sku else ()))}
                if sku is None or (sku.guessed and kind is SeatKind.OTHER_PRODUCT):
                    plans -= travelling
                if plans:
                    self.skus.setdefault(sku_id, []).append(Carried(product.key, kind, frozenset(plans)))
        self.plans = frozenset(self.plan_names)
        both = (product.watched | product.watched_silently for product in self.products)
        self.asked = frozenset[AppSignIns]().union(*both)

    def digest(self) -> str:
        """Changes whenever another SKU or plan would count."""
        told = sorted((sku, c.product, c.kind, sorted(c.plans)) for sku, told in self.skus.items() for c in told)
        return digest([RULE, told, sorted(self.openers.items())])


def list_carried(products: Iterable[Product], live: Mapping[str, Iterable[str]]) -> Mapping[str, Sequence[Carried]]:
    """What each SKU carries of the products, where the tenant says which plans are in the SKUs that it owns."""
    return Watched(products, live).skus
