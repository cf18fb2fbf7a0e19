"""What SKUs are called: by the product data, and by what the tenant says it owns."""

from __future__ import annotations

from seatkeeper.connectors.catalog import find_product
from seatkeeper.model import to_id
from seatkeeper.store import listing
from seatkeeper.store.models import Application, Task


def name_skus(application: Application) -> dict[str, tuple[str, str]]:
    """Part number and title of each SKU, by its id."""
    task = Task.objects.filter(connection_id=application.connection_id, key="licenses").first()
    owned = listing.list_subscriptions(application.connection_id, task.generation) if task else []
    found = {to_id(bytes(row.sku)): (row.part_number, row.part_number) for row in owned}
    return found | {sku.id: (sku.part_number, sku.title) for sku in find_product(application.product).skus}
