"""The vendors' own lists of SKUs: what an import changes, for everybody on this machine, and what counts now."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from django.db import transaction

from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import BadInput, NotAllowed
from seatkeeper.jobs import refreshes
from seatkeeper.model import to_text
from seatkeeper.services import audit
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application
from seatkeeper.sync import sku_lists
from seatkeeper.sync.sku_lists import Difference, Import
from seatkeeper.sync.vendors import PublishedList, Vendor, find_product, list_vendors
from seatkeeper.tabular.sheets import RowError, Sheet, read_sheet
from seatkeeper.tabular.sku_lists import to_skus
from seatkeeper.tabular.tables import Cell, Table

COLUMNS = ("Product", "SKU", "Title", "Kind", "Guessed", "SKU ID")
CHANGES = ("Change", "SKU", "Title", "Product", "Detail")
_WORDS = {
    "new": ("1 SKU is new", "{} SKUs are new"),
    "title": ("1 title changed", "{} titles changed"),
    "plans": ("1 SKU carries another plan", "{} SKUs carry other plans"),
    "kind": ("1 guess of a kind changed", "{} guesses of kinds changed"),
    "gone": ("1 SKU is not listed any more", "{} SKUs are not listed any more"),
}


@dataclass(slots=True)
class Preview:
    """What an import changes, or why it is refused; `again` is when the very same file was imported before."""

    errors: list[RowError] = field(default_factory=list)
    number: int = 0  # of SKUs in the file
    left_out: int = 0  # rows that name no plan
    again: str = ""
    differences: list[Difference] = field(default_factory=list)

    @property
    def summary(self) -> str:
        return sum_up(self.differences)

    @property
    def table(self) -> Table:
        return to_table(self.differences)


def preview(who: Who, body: bytes, name: str, clock: Clock = system_clock) -> Preview:
    """What a file would change; nothing is saved. Raises BadInput for what is no such list, or only a part of one."""
    _require_operator(who)
    with transaction.atomic():
        return _plan(body, name, clock)[0]


def import_list(who: Who, body: bytes, name: str, clock: Clock = system_clock) -> Preview:
    """Import a file whole, or not at all where anything is wrong in it."""
    _require_operator(who)
    with transaction.atomic():
        found, planned = _plan(body, name, clock)
        if planned is not None and not found.again:
            _save(who, planned, "catalog.imported", PurePath(name).name, clock)
    return found


def reset(who: Who, clock: Clock = system_clock) -> list[Difference]:
    """Go back to what is shipped, and give up all that was imported."""
    _require_operator(who)
    differences: list[Difference] = []
    for vendor in _list_publishers():
        with transaction.atomic():
            if row := sku_lists.find_list(vendor):
                planned = sku_lists.plan_reset(vendor)
                _save(who, planned, "catalog.reset", row.file, clock)
                differences += planned.differences
    return differences


def _require_operator(who: Who) -> None:
    who.require(May.APPLICATIONS)
    if not who.at_the_machine:
        raise NotAllowed("A list of SKUs counts for everybody on this machine: import it at its command line.")


def _list_publishers() -> list[Vendor]:
    return [vendor for vendor in list_vendors() if vendor.sku_list]


def _published(vendor: Vendor) -> PublishedList:
    assert vendor.sku_list is not None
    return vendor.sku_list


def _plan(body: bytes, name: str, clock: Clock) -> tuple[Preview, Import | None]:
    sheet = read_sheet(body, name, [column for v in _list_publishers() for column in _published(v).columns])
    vendor = _vendor_of(sheet)
    read = to_skus(sheet, _published(vendor).columns)
    found = Preview(read.errors, len(read.skus), read.left_out)
    if found.errors:
        return found, None
    digest = hashlib.sha256(body).hexdigest()
    if last := sku_lists.find_list(vendor):
        day = to_text(last.imported)[:10]
        if last.digest == digest and day >= _published(vendor).table.shipped().date:
            found.again = day
        if found.number * 2 < last.number:
            raise BadInput(
                "file",
                f"{name} names {found.number:,} SKUs, and the one that was imported last {last.number:,}: it is a part "
                "of a list at most. Nothing was imported. If that is really so, `seatkeeper catalog reset` first.",
            )
    planned = sku_lists.plan_import(vendor, read.skus, PurePath(name).name, digest, clock())
    found.differences = planned.differences
    return found, planned


def _vendor_of(sheet: Sheet) -> Vendor:
    """Whose list it is, by its columns; the first vendor's, where they fit nobody's."""
    return max(_list_publishers(), key=lambda vendor: len({*_published(vendor).columns} & {*sheet.columns}))


def _save(who: Who, planned: Import, action: str, subject: str, clock: Clock) -> None:
    """In a transaction: with what is stored for reading of every organization, if it says anything else than before."""
    planned.save()
    audit.record(who, action, subject, sum_up(planned.differences))
    if planned.differences:
        affected = Application.objects.filter(connection__vendor=planned.vendor.key, active=True)
        refreshes.request(affected, clock, at_once=False)


def sum_up(differences: Sequence[Difference]) -> str:
    """The differences in a sentence; a SKU that several products list is counted once."""
    if not differences:
        return "Nothing changes."
    skus = {what: {one.sku.id for one in differences if one.what == what} for what in _WORDS}
    carrying = Counter(one.product.title for one in differences if one.what == "new")
    said = []
    for what, (one, many) in _WORDS.items():
        if number := len(skus[what]):
            said.append(one if number == 1 else many.format(f"{number:,}"))
            if what == "new":
                said[-1] += f" ({', '.join(f'{count:,} with {title}' for title, count in carrying.most_common())})"
    return f"{', '.join(said)}."


def to_table(differences: Sequence[Difference]) -> Table:
    order = list(_WORDS)
    rows: list[Sequence[Cell]] = [
        (one.what, one.sku.part_number, one.sku.title, one.product.title, _detail(one))
        for one in sorted(differences, key=lambda one: (order.index(one.what), one.sku.part_number.casefold()))
    ]
    return Table(CHANGES, rows)


def _detail(one: Difference) -> str:
    before = one.before or one.sku
    if one.what == "title":
        return f"was {before.title}"
    if one.what == "plans":
        names = {plan.id: plan.name for plan in one.product.plans}
        added, less = {*one.sku.plans} - {*before.plans}, {*before.plans} - {*one.sku.plans}
        return " ".join([*sorted(f"+{names[plan]}" for plan in added), *sorted(f"-{names[plan]}" for plan in less)])
    guessed = " (guessed)" * one.sku.guessed
    return f"{one.sku.kind}{guessed}" + (f", was {before.kind}" if one.what == "kind" else "")


def list_skus(who: Who, product: str = "") -> Table:
    """Every SKU of the products that can be managed, or of one of them. Raises BadInput for one that there is not."""
    who.require(May.SEE)
    products = [find_product(product)] if product else [p for v in list_vendors() for p in v.products().products]
    rows: list[Sequence[Cell]] = [
        (each.key, sku.part_number, sku.title, sku.kind.value, sku.guessed, sku.id)
        for each in products
        for sku in sorted(each.skus, key=lambda sku: sku.title.casefold())
    ]
    return Table(COLUMNS, rows)


def describe(who: Who) -> list[str]:
    """Of which day the tables are, and what was imported over them."""
    who.require(May.SEE)
    said = []
    for vendor in list_vendors():
        data = vendor.products()
        said.append(f"{vendor.title}: table of {data.date}. Source: {data.source}.")
        if vendor.sku_list and (row := sku_lists.find_list(vendor)):
            said.append(f"Over it, {row.file} with {row.number:,} SKUs was imported on {to_text(row.imported)[:10]}.")
    return said
