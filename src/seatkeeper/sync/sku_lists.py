"""Vendors' lists of SKUs as they are kept for the whole machine, and what an import would make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from django.db import transaction

from seatkeeper.connectors.products import ProductData
from seatkeeper.connectors.sku_lists import Difference, ListedSku, ProductTable, SkuList, add, compare, complete
from seatkeeper.connectors.vendor import Vendor
from seatkeeper.model import Instant, to_text
from seatkeeper.store import models as stored

__all__ = ["Difference"]


class KeptLists:
    """The lists in the database. Every process asks it which are there."""

    def find_version(self, vendor: str) -> str:
        row = stored.SkuList.objects.filter(vendor=vendor).values_list("imported", "digest").first()
        return " ".join(map(str, row)) if row else ""

    def read(self, vendor: str) -> SkuList | None:
        row = stored.SkuList.objects.filter(vendor=vendor).first()
        return _to_list(row.imported, _to_skus(row)) if row else None


def follow() -> None:
    """From now on products are in this process what the table says with the imported lists."""
    ProductTable.follow(KeptLists())


def _to_skus(row: stored.SkuList) -> dict[str, ListedSku]:
    return {sku.id: sku for sku in msgspec.json.decode(row.skus, type=list[ListedSku])}


def _to_list(imported: Instant, skus: dict[str, ListedSku]) -> SkuList:
    return SkuList(to_text(imported)[:10], skus)


@dataclass(frozen=True, slots=True)
class Import:
    """What a vendor's products are before and after a list is imported, or all lists are given up."""

    vendor: Vendor
    row: stored.SkuList | None  # to be saved
    before: ProductData
    after: ProductData

    @property
    def differences(self) -> list[Difference]:
        return list(compare(self.before, self.after))

    def save(self) -> None:
        """To be called in a transaction; this process sees it at once, and others within seconds."""
        if self.row is None:
            stored.SkuList.objects.filter(vendor=self.vendor.key).delete()
        else:
            self.row.save()
        transaction.on_commit(lambda: _table(self.vendor).load(now=True))


def _table(vendor: Vendor) -> ProductTable:
    assert vendor.sku_list is not None
    return vendor.sku_list.table


def find_list(vendor: Vendor) -> stored.SkuList | None:
    """The list that was imported last, with all that was known before it."""
    return stored.SkuList.objects.filter(vendor=vendor.key).first()


def _claim(vendor: Vendor) -> stored.SkuList | None:
    """The same, and nobody else imports one until the transaction ends."""
    return stored.SkuList.objects.select_for_update().filter(vendor=vendor.key).first()


def plan_import(vendor: Vendor, skus: Mapping[str, ListedSku], file: str, digest: str, now: Instant) -> Import:
    """What another list would change; nothing is saved."""
    shipped, row = _table(vendor).shipped(), _claim(vendor)
    known = _to_skus(row) if row else {}
    before = complete(shipped, _to_list(row.imported, known)) if row else shipped
    told = _to_list(now, add(known, skus))
    row = row or stored.SkuList(vendor=vendor.key)
    row.imported, row.file, row.digest, row.number = now, file, digest, len(skus)
    row.skus = msgspec.json.encode([told.skus[sku] for sku in sorted(told.skus)]).decode()
    return Import(vendor, row, before, complete(shipped, told))


def plan_reset(vendor: Vendor) -> Import:
    """What giving up all imported lists would change; nothing is saved."""
    shipped, row = _table(vendor).shipped(), _claim(vendor)
    before = complete(shipped, _to_list(row.imported, _to_skus(row))) if row else shipped
    return Import(vendor, None, before, shipped)
