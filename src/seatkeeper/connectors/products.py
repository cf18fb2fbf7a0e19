"""What can be managed, as data: which SKUs and service plans are a seat of a product, which applications are its use.

A vendor ships a dated table of its products in seatkeeper/data; a product more is data more.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from typing import Literal

import msgspec

from seatkeeper.app_uses import INTERACTIVE, NON_INTERACTIVE, AppSignIns, to_app_use
from seatkeeper.model import Grade, SeatKind


class SkuKind(enum.StrEnum):
    """What a SKU is: only the first is bought for a person to use the product."""

    SEAT = "seat"
    OTHER_PRODUCT = "other-product"  # a licence of another product, with this one inside
    TRIAL = "trial"
    FREE = "free"
    CAPACITY = "capacity"  # for an organization, not for people
    DEVICE = "device"  # for a room, a device or a program


class ServicePlan(msgspec.Struct, frozen=True):
    """A service plan of the product; `retires` is a date "2026-09-30" from which `service` does nothing.

    One that `travels` comes along with SKUs of other products, too, so there it makes nobody a user of this one.
    """

    id: str
    name: str
    class_: str = msgspec.field(name="class")
    seat: bool
    travels: bool = False
    retires: str | None = None
    service: str = ""


class Sku(msgspec.Struct, frozen=True):
    """A licence that carries the product; `level` orders the plans by what they can do.

    Of one that is known by an imported list alone, the kind is guessed by its name and plans.
    """

    id: str
    part_number: str
    title: str
    kind: SkuKind
    level: int | None
    plans: tuple[str, ...]
    guessed: bool = False


class SignInApp(msgspec.Struct, frozen=True):
    """An application whose sign-ins say something of the product's use: people sign in with it, or reach it."""

    id: str
    title: str
    grade: Grade
    signal: str
    side: Literal["client", "resource"] = "client"


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
    def watched(self) -> frozenset[AppSignIns]:
        """The sign-ins that tell of its use: none for a product of which no sign-in tells anything."""
        return frozenset(AppSignIns(app.id, side=app.side) for app in self.apps)

    @property
    def watched_silently(self) -> frozenset[AppSignIns]:
        """The same without a prompt: to the product itself alone, for clients that are shared do so all day long."""
        direct = (app for app in self.apps if app.grade is Grade.DIRECT)
        return frozenset(AppSignIns(app.id, NON_INTERACTIVE, app.side) for app in direct)

    def has(self, grade: Grade) -> bool:
        """Whether sign-ins of that grade can be met at all."""
        return any(app.grade is grade for app in self.apps)

    def find_app(self, name: str) -> SignInApp | None:
        """What a sign-in says of the product, by the name of what it was to (`AppUse`); None when it says nothing.

        The application that somebody signed in with says more than the one that was reached by it. A guest uses it in
        another tenant, and may do so without a seat of this one.
        """
        use = to_app_use(name)
        for id_, side in ((use.client, "client"), (use.resource, "resource")):
            for app in self.apps:
                if id_ == app.id and side == app.side:
                    if not use.away:
                        return app
                    title = f"{app.title} in another tenant"
                    return SignInApp(app.id, title, Grade.AMBIGUOUS, app.signal, app.side)
        return None

    def uses_of(self, grade: Grade, names: Iterable[str], kind: str = INTERACTIVE) -> list[str]:
        """Those of the names, of one kind of sign-in, that say so much of the product."""
        ours = (name for name in names if to_app_use(name).kind == kind)
        return [name for name in ours if (app := self.find_app(name)) and app.grade is grade]

    def sku_titles(self) -> dict[str, str]:
        return {sku.id: sku.title for sku in self.skus}


class Carried(msgspec.Struct, frozen=True):
    """What one SKU carries of one product: a seat of it, or the product inside something else."""

    product: str
    kind: SeatKind
    plans: frozenset[str]


class ProductData(msgspec.Struct, frozen=True):
    """A vendor's table of products, with its date and where it is from.

    Where imported lists say more than what is shipped, `said` is a short name for all that the table says with them.
    """

    date: str
    source: str
    products: tuple[Product, ...]
    said: str = ""

    @property
    def version(self) -> str:
        """Another one whenever the table says something else."""
        return f"{self.date} {self.said}".rstrip()


def read_products(name: str) -> ProductData:
    """The table of that name among the shipped data."""
    return msgspec.json.decode((files("seatkeeper") / "data" / name).read_bytes(), type=ProductData)


def digest(told: object) -> str:
    """A short name for what was told, the same on every machine."""
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()
