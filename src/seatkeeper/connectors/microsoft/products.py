"""Microsoft's products as data: which SKUs and service plans are a seat, which sign-in applications are use.

GUIDs decide, never names: `assignedPlans.service` contains "Project" for exactly the wrong people
(view-only "Project for Office" and basic Planner). The shipped table is dated; the tenant's own `subscribedSkus`
completes it, because the table is known to lag behind (a live PROJECTPREMIUM carries more plans than it says).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from seatkeeper.model import Grade, SeatKind

OPERATIONS = "operations"  # Project inside Dynamics 365 Project Operations: listed apart, never a seat


class Plan(msgspec.Struct, frozen=True):
    """A service plan of the product; `retires` is a date "2026-09-30" from which it does nothing."""

    id: str
    name: str
    class_: str = msgspec.field(name="class")
    seat: bool
    retires: str | None = None


class Sku(msgspec.Struct, frozen=True):
    """A licence that carries the product; `level` orders the plans by what they can do."""

    id: str
    part_number: str
    title: str
    kind: SeatKind
    level: int | None
    plans: tuple[str, ...]


class SignInApp(msgspec.Struct, frozen=True):
    id: str
    title: str
    grade: Grade
    signal: str


class Product(msgspec.Struct, frozen=True):
    key: str
    title: str
    integration: str
    plans: tuple[Plan, ...]
    skus: tuple[Sku, ...]
    apps: tuple[SignInApp, ...]

    def apps_of(self, grade: Grade) -> tuple[str, ...]:
        return tuple(app.id for app in self.apps if app.grade is grade)

    def sku_titles(self) -> dict[str, str]:
        return {sku.id: sku.title for sku in self.skus}


class ProductData(msgspec.Struct, frozen=True):
    date: str
    source: str
    products: tuple[Product, ...]


@cache
def load_products() -> ProductData:
    """The shipped table of products, with its date and source."""
    text = (files("seatkeeper") / "data" / "microsoft_products.json").read_bytes()
    return msgspec.json.decode(text, type=ProductData)


class Carried(msgspec.Struct, frozen=True):
    """What one SKU carries of one product."""

    product: str
    kind: SeatKind
    plans: frozenset[str]


class Watched:
    """The SKUs and plans that matter for the managed products of one tenant.

    `live` maps the SKUs that the tenant says it owns to their service plan ids.
    """

    def __init__(self, products: Iterable[Product], live: Mapping[str, Iterable[str]]) -> None:
        self.products = tuple(products)
        self.plan_names: dict[str, str] = {}
        self.skus: dict[str, list[Carried]] = {}
        for product in self.products:
            self._add(product, live)
        self.plans = frozenset(self.plan_names)
        self.apps = frozenset(app.id for product in self.products for app in product.apps)

    def _add(self, product: Product, live: Mapping[str, Iterable[str]]) -> None:
        counted = {plan.id for plan in product.plans if plan.seat}
        apart = counted | {plan.id for plan in product.plans if plan.class_ == OPERATIONS}
        self.plan_names |= {plan.id: plan.name for plan in product.plans if plan.id in apart}
        listed = {sku.id: sku for sku in product.skus}
        for sku_id in listed.keys() | live.keys():
            sku = listed.get(sku_id)
            kind = sku.kind if sku else SeatKind.UNLISTED
            matters = apart if kind is SeatKind.OTHER_PRODUCT else counted
            plans = matters & {*(sku.plans if sku else ()), *live.get(sku_id, ())}
            if plans:
                self.skus.setdefault(sku_id, []).append(Carried(product.key, kind, frozenset(plans)))

    def digest(self) -> str:
        """Changes whenever another SKU or plan would count."""
        return digest(
            sorted((sku, c.product, c.kind, sorted(c.plans)) for sku, told in self.skus.items() for c in told)
        )


def digest(told: object) -> str:
    """A short name for what was told, the same on every machine."""
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def stream_of(products: Iterable[Product]) -> str:
    """Names the question that sign-ins are asked by: Graph version, kind of event, applications."""
    return f"v1.0 interactive {digest(sorted({app.id for product in products for app in product.apps}))}"
