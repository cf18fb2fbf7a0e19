"""What can be managed, as data: which SKUs and service plans are a seat of a product, which applications are its use.

A vendor ships a dated table of its products in seatkeeper/data; a product more is data more.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files

import msgspec

from seatkeeper.model import AppSignIns, Grade, SeatKind


class ServicePlan(msgspec.Struct, frozen=True):
    """A service plan of the product; `retires` is a date "2026-09-30" from which `service` does nothing."""

    id: str
    name: str
    class_: str = msgspec.field(name="class")
    seat: bool
    retires: str | None = None
    service: str = ""


class Sku(msgspec.Struct, frozen=True):
    """A licence that carries the product; `level` orders the plans by what they can do."""

    id: str
    part_number: str
    title: str
    kind: SeatKind
    level: int | None
    plans: tuple[str, ...]


def elsewhere(app: str) -> str:
    """An application as sign-ins name it that our people had to it in another tenant."""
    return f"{app} elsewhere"


class SignInApp(msgspec.Struct, frozen=True):
    """An application whose sign-ins say something of the product's use."""

    id: str
    title: str
    grade: Grade
    signal: str


class Product(msgspec.Struct, frozen=True):
    """What is managed. `integration` is its entry in Add Application.

    `implies` names the classes of plans that each class opens besides its own.
    """

    key: str
    title: str
    integration: str
    plans: tuple[ServicePlan, ...] = ()
    skus: tuple[Sku, ...] = ()
    apps: tuple[SignInApp, ...] = ()
    implies: dict[str, tuple[str, ...]] = {}

    @property
    def uses(self) -> tuple[SignInApp, ...]:
        """The applications, and each as a guest uses it in another tenant: that may be without a seat of this one."""
        away = (
            SignInApp(elsewhere(a.id), f"{a.title} in another tenant", Grade.AMBIGUOUS, a.signal) for a in self.apps
        )
        return *self.apps, *away

    @property
    def watched(self) -> frozenset[AppSignIns]:
        """The sign-ins that tell of its use: none for a product of which no sign-in tells anything."""
        return frozenset(AppSignIns(app.id) for app in self.apps)

    def apps_of(self, grade: Grade) -> tuple[str, ...]:
        return tuple(app.id for app in self.uses if app.grade is grade)

    def sku_titles(self) -> dict[str, str]:
        return {sku.id: sku.title for sku in self.skus}


class ProductData(msgspec.Struct, frozen=True):
    """A vendor's table of products, with its date and where it is from."""

    date: str
    source: str
    products: tuple[Product, ...]


def read_products(name: str) -> ProductData:
    """The table of that name among the shipped data."""
    return msgspec.json.decode((files("seatkeeper") / "data" / name).read_bytes(), type=ProductData)


def digest(told: object) -> str:
    """A short name for what was told, the same on every machine."""
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()
