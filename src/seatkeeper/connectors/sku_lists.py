"""A vendor's own public list of SKUs, imported over the shipped table of products.

The table stays the truth of what products are, which plans make a user, and which kind and level a SKU has that it
lists. A list tells titles and plans of these, and SKUs that are younger than the table, whose kind is a guess. It takes
nothing away: neither a SKU that it does not name, nor a plan of one, so that nobody's seat ends by it. A part number
stays what it was first: prices, exceptions and findings are kept by it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

import msgspec

from seatkeeper.connectors.products import Product, ProductData, Sku, SkuKind, digest

EVERY: Final = 2.0  # seconds between two looks for another list; another process may have imported it
SUPPORTING: Final = "supporting"  # the class of plans that say nothing of a product's use

# Words of a part number or title that tell more than the plans do, each as a whole word.
_WORDS: Final = (
    (SkuKind.TRIAL, frozenset(("TRIAL", "TRIALS", "VIRAL", "EXPLORATORY", "SANDBOX"))),
    (SkuKind.DEVICE, frozenset(("ROOM", "ROOMS", "DEVICE", "DEVICES", "UNATTENDED", "RPA", "RPA1", "MTR"))),
    (SkuKind.FREE, frozenset(("FREE",))),
    (SkuKind.CAPACITY, frozenset(("CAPACITY",))),
)


class ListedSku(msgspec.Struct, frozen=True, array_like=True):
    """A SKU as its vendor lists it, with the ids of all its plans."""

    id: str
    part_number: str
    title: str
    plans: tuple[str, ...]


class SkuList(msgspec.Struct, frozen=True):
    """What all imported lists say together, by the ids of SKUs, and on which day the last of them was imported."""

    date: str
    skus: dict[str, ListedSku]


class Difference(NamedTuple):
    """What is said of a SKU of a product that was not said before."""

    product: Product
    what: str  # new, title, plans, kind or gone
    sku: Sku
    before: Sku | None


def add(known: Mapping[str, ListedSku], newer: Mapping[str, ListedSku]) -> dict[str, ListedSku]:
    """The newer list over what is known, of which nothing is forgotten."""
    merged = dict(known)
    for sku in newer.values():
        before = known.get(sku.id, sku)
        plans = tuple(sorted({*sku.plans, *before.plans}))
        merged[sku.id] = ListedSku(sku.id, before.part_number, sku.title, plans)
    return merged


def complete(table: ProductData, told: SkuList) -> ProductData:
    """The table with what the list says besides. What a list said before the table was made, the table knows better."""
    guess = _Guess(table, told)
    products = []
    for product in table.products:
        own = {plan.id for plan in product.plans if plan.class_ != SUPPORTING}
        skus = [*product.skus] if told.date < table.date else [_update(sku, told, own) for sku in product.skus]
        listed = {sku.id for sku in skus}
        for new in sorted(told.skus.values(), key=lambda sku: (sku.part_number.casefold(), sku.id)):
            if new.id not in listed and guess.users[product.key].intersection(new.plans):
                kind, plans = guess.kind(product, new), tuple(sorted(own.intersection(new.plans)))
                skus.append(Sku(new.id, new.part_number, new.title, kind, None, plans, guessed=True))
        products.append(msgspec.structs.replace(product, skus=tuple(skus)))
    if products == [*table.products]:
        return table
    said = digest([(product.key, product.skus) for product in products])
    return msgspec.structs.replace(table, products=tuple(products), said=said)


def _update(sku: Sku, told: SkuList, own: set[str]) -> Sku:
    new = told.skus.get(sku.id)
    if new is None:
        return sku
    plans = sku.plans + tuple(sorted(own.intersection(new.plans).difference(sku.plans)))
    return msgspec.structs.replace(sku, title=new.title, plans=plans)


class _Guess:
    """What the SKUs that a table lists teach of those that it does not list.

    `users` are the plans that make users of a product. A product is inside the licences of another one where a seat of
    that one carries it, and no seat of it carries that one.
    """

    def __init__(self, table: ProductData, told: SkuList) -> None:
        self.users = {
            product.key: frozenset(plan.id for plan in product.plans if plan.seat and not plan.travels)
            for product in table.products
        }
        self._seats = {
            product.key: {sku.id for sku in product.skus if sku.kind is SkuKind.SEAT} for product in table.products
        }
        carried = {sku_id: {*sku.plans} for sku_id, sku in told.skus.items()}
        for product in table.products:
            for sku in product.skus:
                carried.setdefault(sku.id, set()).update(sku.plans)
        self._inside = {
            (host, guest)
            for host, seats in self._seats.items()
            for guest, plans in self.users.items()
            if host != guest and any(carried[sku] & plans for sku in seats - self._seats[guest])
        }

    def kind(self, product: Product, sku: ListedSku) -> SkuKind:
        words = {*re.split(r"[^A-Z0-9]+", f"{sku.part_number} {sku.title}".upper())}
        for kind, telling in _WORDS:
            if words & telling:
                return kind
        for key in self.users.keys() - {product.key}:
            inside = (key, product.key) in self._inside and (product.key, key) not in self._inside
            if sku.id in self._seats[key] or (inside and self.users[key].intersection(sku.plans)):
                return SkuKind.OTHER_PRODUCT
        return SkuKind.SEAT


def compare(before: ProductData, after: ProductData) -> Iterator[Difference]:
    """What the second says that the first does not, or says otherwise."""
    for old, new in zip(before.products, after.products, strict=True):
        known = {sku.id: sku for sku in old.skus}
        for sku in new.skus:
            was = known.pop(sku.id, None)
            if was is None:
                yield Difference(new, "new", sku, None)
                continue
            if sku.title != was.title:
                yield Difference(new, "title", sku, was)
            if sku.plans != was.plans:
                yield Difference(new, "plans", sku, was)
            if sku.kind is not was.kind:
                yield Difference(new, "kind", sku, was)
        yield from (Difference(new, "gone", sku, sku) for sku in known.values())


class Lists(Protocol):
    """Where imported lists are kept, by the keys of their vendors."""

    def find_version(self, vendor: str) -> str:
        """Another one after each import. Asked for every few seconds, so it is cheap."""

    def read(self, vendor: str) -> SkuList | None: ...


class ProductTable:
    """A vendor's table of products as it counts now, in a process in which others may import at any time."""

    _lists: Lists | None = None  # of all tables

    def __init__(self, vendor: str, shipped: Callable[[], ProductData], ticks: Callable[[], float] = time.monotonic):
        self._vendor, self.shipped, self._ticks = vendor, shipped, ticks
        self._known: tuple[Lists, str, ProductData] | None = None
        self._next = 0.0

    @classmethod
    def follow(cls, lists: Lists | None) -> None:
        """From now on every table counts with what was imported into these lists; with None as it is shipped."""
        cls._lists = lists

    def load(self, *, now: bool = False) -> ProductData:
        """The shipped table with what was imported, as of a few seconds ago, or as of now."""
        lists, known = self._lists, self._known
        if lists is None:
            return self.shipped()
        followed = known is not None and known[0] is lists
        if known is None or not followed or now or self._ticks() >= self._next:
            self._next = self._ticks() + EVERY  # first, so that other threads need not look, too
            version = lists.find_version(self._vendor)
            if known is None or not followed or known[1] != version:
                told = lists.read(self._vendor)
                known = lists, version, complete(self.shipped(), told) if told else self.shipped()
                self._known = known
        return known[2]
