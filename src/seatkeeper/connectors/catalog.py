"""What can be managed: the products, and the connector that reads each."""

from __future__ import annotations

from seatkeeper.connectors.microsoft.connector import MicrosoftConnector
from seatkeeper.connectors.microsoft.products import Product, load_products
from seatkeeper.errors import BadInput

TASKS = {task.key: task for task in MicrosoftConnector.tasks}
USUAL = [task.key for task in MicrosoftConnector.tasks if not task.optional]


def list_products() -> tuple[Product, ...]:
    return load_products().products


def find_product(key: str) -> Product:
    """The product of a key. Raises BadInput that names the ones there are."""
    for product in list_products():
        if product.key == key:
            return product
    raise BadInput("Product", f"{key!r} is not in the catalogue. Known: {', '.join(p.key for p in list_products())}")
