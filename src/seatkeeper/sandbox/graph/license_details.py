"""GET /users/{id}/licenseDetails: the SKUs of one account with their plans. 2 units for each account."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.sandbox.graph import lists, refusals
from seatkeeper.sandbox.graph.answers import service_plan
from seatkeeper.sandbox.graph.request import Answer, Request, cost, permitted
from seatkeeper.sandbox.login import jwt
from seatkeeper.sandbox.world.tenant import Tenant

_PROPERTIES: Final = ("id", "skuId", "skuPartNumber", "servicePlans")


def license_details(tenant: Tenant, request: Request, key: str) -> Answer:
    """All of them on one page; `key` is an object id or a user principal name."""
    permitted(request, "/users/{id}/licensedetails")
    request.query.only("select", "format")
    names = lists.select(request, _PROPERTIES, "licenseDetails")
    person = tenant.directory.find(key, request.now)
    if person is None:
        raise refusals.not_found(key)
    rows: list[dict[str, Any]] = [
        {
            "id": jwt.encode(bytes.fromhex((tenant.tenant_id + held.sku.id).replace("-", ""))),
            "skuId": held.sku.id,
            "skuPartNumber": held.sku.part_number,
            "servicePlans": [
                service_plan(plan, "Disabled" if plan.id in held.disabled else "Success") for plan in held.sku.plans
            ],
        }
        for held in person.holdings
    ]
    context = f"users('{refusals.shown(key)}')/licenseDetails"
    return Answer(lists.page(request, context, rows, names), cost(request, 2))
