"""SKUs by their ids: what they are called, and which an account has by the directory, whatever access it gives."""

from __future__ import annotations

from collections.abc import Iterable

from seatkeeper.connectors.catalog import find_product, find_vendor_of
from seatkeeper.model import to_id, to_key
from seatkeeper.store.models import Application, Task
from seatkeeper.store.queries import roster


def name_skus(application: Application) -> dict[str, tuple[str, str]]:
    """Part number and title of each SKU, by its id."""
    task = Task.objects.filter(connection_id=application.connection_id, key="licenses").first()
    owned = roster.list_subscriptions(application.connection_id, task.generation) if task else []
    ids = {to_id(bytes(row.sku)): row.part_number for row in owned}
    found = {sku_id: (part_number or sku_id,) * 2 for sku_id, part_number in ids.items()}
    return found | {sku.id: (sku.part_number, sku.title) for sku in find_product(application.product).skus}


def list_assigned(application: Application, object_ids: Iterable[str]) -> dict[str, set[str]]:
    """The SKUs assigned to accounts, also where all in them is switched off or suspended: such a seat is not back."""
    task = Task.objects.filter(connection_id=application.connection_id, key="roster").first()
    accounts = [to_key(object_id) for object_id in object_ids]
    texts = roster.list_assigned(application.connection_id, task.generation if task else 0, accounts)
    list_skus = find_vendor_of(application.product).list_assigned
    return {to_id(account): {to_id(sku) for sku in list_skus(text)} for account, text in texts.items()}
