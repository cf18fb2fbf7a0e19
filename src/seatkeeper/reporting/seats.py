"""The seats of a person as insights see them: which plan, since when, and until when the vendor offers it."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from typing import Final

from seatkeeper.connectors.catalog import find_product, find_vendor, find_vendor_of
from seatkeeper.connectors.products import Product, SkuKind
from seatkeeper.insights.base import Seat, Sku
from seatkeeper.insights.groups import Group
from seatkeeper.model import ActiveSource, Instant, Key, to_id, to_instant, to_key
from seatkeeper.store.models import Application, LicenseGroup, Subscription
from seatkeeper.store.queries import roster

FOUNDATION: Final = "foundation"  # a plan that goes with every other and gives nothing by itself
MAILBOX: Final = "exchange"  # a plan that brings a mailbox


@lru_cache(maxsize=8)
def _list_plans(vendor: str, class_: str, _version: str) -> frozenset[str]:
    """The plans of a class in all the vendor's products, looked for again when its table says something else."""
    products = find_vendor(vendor).products().products
    return frozenset(plan.id for product in products for plan in product.plans if plan.class_ == class_)


class Skus:
    """SKUs by their key, from the product data, completed by what the tenant says it owns."""

    def __init__(self, product: Product, owned: Iterable[Subscription], shared: Container[Key] = frozenset()) -> None:
        self.listed = {sku.id: sku for sku in product.skus}
        self.owned = {to_id(row.sku): row for row in owned}
        self.kinds = {plan.id: plan.class_ for plan in product.plans if plan.seat}
        vendor = find_vendor_of(product.key)
        self.idle, self.mailboxes = (
            _list_plans(vendor.key, class_, vendor.products().version) for class_ in (FOUNDATION, MAILBOX)
        )
        self.implied = product.implies
        self.retires = {plan.name: plan for plan in product.plans if plan.retires}
        self._shared = shared
        self._known: dict[Key, Sku] = {}
        self._ends: dict[str, tuple[Instant | None, str]] = {}

    def of(self, key: Key) -> Sku:
        if key in self._known:
            return self._known[key]
        sku_id = to_id(key)
        sku, owned = self.listed.get(sku_id), self.owned.get(sku_id)
        carried = {*(owned.plans.split(",") if owned and owned.plans else sku.plans if sku else ())}
        own = {self.kinds[plan] for plan in carried & self.kinds.keys()}
        kinds = own.union(*(self.implied.get(kind, ()) for kind in own))
        name = (owned and owned.part_number) or sku_id
        number, title, level = (sku.part_number, sku.title, sku.level) if sku else (name, name, None)
        told = owned is not None and owned.plans and not (sku and sku.kind is SkuKind.TRIAL)
        whole = frozenset(carried - self.idle) if told else frozenset[str]()
        mailbox = not carried or not carried.isdisjoint(self.mailboxes)
        self._known[key] = found = Sku(key, number, title, level, frozenset(kinds), key in self._shared, whole, mailbox)
        return found

    def is_seat(self, key: Key) -> bool:
        """Whether the product data counts the SKU as a seat of the product."""
        sku = self.listed.get(to_id(key))
        return sku is not None and sku.kind is SkuKind.SEAT

    def retired(self, names: str) -> tuple[Instant | None, str]:
        """When the last of the service plans in force ends, if the vendor ends all of them, and what it is called."""
        if names not in self._ends:
            ending = [self.retires.get(name) for name in names.split(",")]
            known = [plan for plan in ending if plan is not None]
            last = max(known, key=lambda plan: plan.retires or "") if len(known) == len(ending) else None
            self._ends[names] = (to_instant(f"{last.retires}T00:00:00Z"), last.service) if last else (None, "")
        return self._ends[names]


def list_for_sale(application: Application) -> list[Sku]:
    """The SKUs of the product that people can have a seat of."""
    product = find_product(application.product)
    skus = Skus(product, ())
    return [skus.of(to_key(sku.id)) for sku in product.skus if sku.kind is SkuKind.SEAT]


def is_blocked(row: roster.SeatRow) -> bool:
    """Of any generation; SQLite gives 0 for false, and what nobody sent blocks nobody."""
    return row.enabled is not None and not row.enabled


@lru_cache(maxsize=4096)
def _names(plans: str) -> frozenset[str]:
    return frozenset(plans.split(","))


class Groups:
    """The groups that give seats, with the names that were read last: of one that was not read, the id alone."""

    def __init__(self, application: Application) -> None:
        self._list_groups = find_vendor_of(application.product).list_groups
        rows = LicenseGroup.objects.filter(connection=application.connection_id).values_list("key", "name", "deleted")
        self._known = {bytes(key): Group(to_id(key), name, deleted) for key, name, deleted in rows}

    def of(self, row: roster.SeatRow) -> tuple[Group, ...]:
        """Those that give the seat of this row."""
        said = self._list_groups(row.licensing) if row.licensing else ()
        return tuple(self._known.setdefault(key, Group(to_id(key), "")) for sku, key in said if sku == row.sku)


def to_seats(rows: Iterable[roster.SeatRow], skus: Skus, groups: Groups | None = None) -> tuple[Seat, ...]:
    """The seats of one person, with their plans by name, and with the groups that give them where that is asked."""
    same = sys.intern  # one string for all of a hundred thousand people who have the same
    return tuple(
        Seat(
            skus.of(row.sku),
            same(row.kind),
            row.active,
            same(row.active_source),
            same(row.assigned_by),
            same(row.state),
            same(row.error),
            *skus.retired(row.plans),
            _names(row.plans),
            groups.of(row) if groups else (),
        )
        for row in rows
    )


_DATES: Final = ((ActiveSource.PLAN, min), (ActiveSource.STATE, max), (ActiveSource.CREATED, min))


def active_date(seats: Sequence[Seat]) -> tuple[Instant | None, str]:
    """A person's Active Date: the earliest plan date, else the newest licence change, else the account's creation."""
    for source, choose in _DATES:
        dates = [seat.active for seat in seats if seat.active_source == source and seat.active is not None]
        if dates:
            return choose(dates), source
    return None, ""
