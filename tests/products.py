"""Product data as another version of ours might ship it: one more product, or one more application of a product."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec
import pytest

from seatkeeper.connectors import catalog
from seatkeeper.connectors.microsoft import connector
from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.connectors.microsoft.vendor import MICROSOFT
from seatkeeper.connectors.products import Product, ServicePlan, SignInApp, Sku, SkuKind
from seatkeeper.model import Grade

POWER_BI: Final = SignInApp("871c010f-5e61-4fb1-83ac-98610a7e9110", "Microsoft Power BI", Grade.DIRECT, "")
UNUSED: Final = SignInApp("c0ffee00-0000-4000-8000-000000000000", "Nobody's", Grade.AMBIGUOUS, "")
TEAMS: Final = "57ff2da0-773e-42df-b2af-ffb7a2317929"
PROJECT, VISIO = load_products().products[:2]
# It comes with a suite that the sandbox's people hold.
SECOND: Final = Product(
    "second",
    "Second Product",
    "Microsoft 365",
    (ServicePlan(TEAMS, "TEAMS1", "web", seat=True),),
    (Sku("05e9a617-0261-4cee-bb44-138d3ef5d965", "SPE_E3", "Microsoft 365 E3", SkuKind.SEAT, 1, (TEAMS,)),),
    (POWER_BI,),
)


def ship(patch: pytest.MonkeyPatch, *products: Product, date: str = "2026-09-01") -> None:
    """From now on these are the products that there are."""
    data = msgspec.structs.replace(load_products(), date=date, products=products)
    patch.setitem(catalog.VENDORS, MICROSOFT.key, replace(MICROSOFT, products=lambda: data))
    patch.setattr(connector, "load_products", lambda: data)
