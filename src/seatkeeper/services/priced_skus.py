"""How a price list names a SKU: by its part number, or by its id where several SKUs share that or it has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Self
from uuid import UUID

from seatkeeper.errors import BadInput
from seatkeeper.model import FOREVER, to_id
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Price, Subscription
from seatkeeper.sync.vendors import list_products


class PricedSkus:
    """The SKUs of our product data, and those that the organization's tenants own."""

    def __init__(self, part_numbers: Mapping[str, str]) -> None:
        self._part_numbers = part_numbers  # by the SKU's id
        self._ids: dict[str, list[str]] = defaultdict(list)
        for sku_id, part_number in part_numbers.items():
            self._ids[part_number.casefold()].append(sku_id)

    @classmethod
    def of(cls, who: Who) -> Self:
        owned = Subscription.objects.of(who).filter(until=FOREVER).order_by("pk").values_list("sku", "part_number")
        listed = {sku.id: sku.part_number for product in list_products() for sku in product.skus}
        return cls({to_id(key): part_number for key, part_number in owned} | listed)

    def find(self, typed: str) -> str:
        """The name under which the list keeps what somebody typed. Raises BadInput, also for one of two meanings."""
        text = typed.strip()
        if not 1 <= len(text) <= 100 or not text.isprintable():
            raise BadInput("part_number", "name the SKU by its part number, such as PROJECTPROFESSIONAL, or by its id.")
        if text in self._part_numbers:
            return text
        ids = self._ids.get(text.casefold(), [])
        if len(ids) > 1:
            raise BadInput(
                "part_number",
                f"{text} is the part number of {len(ids)} SKUs. Name the one you mean by its id: {', '.join(ids)}.",
            )
        if ids:
            return self._part_numbers[ids[0]]
        try:
            return str(UUID(text)) if len(text) == 36 else text
        except ValueError:
            return text

    def ids_of(self, name: str) -> Sequence[str]:
        """The SKUs that a price under this name is for; the name itself while nobody has told us of any."""
        return [name] if name in self._part_numbers else self._ids.get(name.casefold(), [name])

    def label(self, name: str) -> str:
        """The part number, whichever way the SKU is named."""
        return self._part_numbers.get(name) or name


def list_shared(who: Who) -> dict[str, str]:
    """Part numbers with a price that several SKUs have by now, and the ids of these: the price counts for each."""
    who.require(May.SEE)
    skus = PricedSkus.of(who)
    names = Price.objects.of(who).values_list("sku", flat=True).distinct().order_by()
    return {name: ", ".join(ids) for name in sorted(names) if len(ids := skus.ids_of(name)) > 1}
