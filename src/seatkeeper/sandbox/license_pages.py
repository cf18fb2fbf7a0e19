"""What one account holds, and the subscriptions the tenant bought."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.sandbox import jwt, lists, refusals
from seatkeeper.sandbox.answers import iso
from seatkeeper.sandbox.catalog import Plan, Sku
from seatkeeper.sandbox.dice import number, object_guid
from seatkeeper.sandbox.people import DAY
from seatkeeper.sandbox.request import Answer, Request, cost, permitted
from seatkeeper.sandbox.tenant import Tenant

_DETAILS: Final = ("id", "skuId", "skuPartNumber", "servicePlans")
_SUBSCRIPTION: Final = (
    "id", "commerceSubscriptionId", "createdDateTime", "isTrial", "nextLifecycleDateTime", "ownerId", "ownerTenantId",
    "ownerType", "serviceStatus", "skuId", "skuPartNumber", "status", "totalLicenses",
)  # fmt: skip


def service_plan(plan: Plan, status: str = "Success") -> dict[str, str]:
    """A plan as part of a SKU."""
    return {
        "servicePlanId": plan.id,
        "servicePlanName": plan.name,
        "provisioningStatus": status,
        "appliesTo": "User",
    }


def license_details(tenant: Tenant, request: Request, key: str) -> Answer:
    """GET /users/{id}/licenseDetails: the SKUs of one account with their plans. 2 units for each account."""
    permitted(request, "/users/{id}/licensedetails")
    request.query.only("select", "format")
    names = lists.select(request, _DETAILS, "licenseDetails")
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


def subscriptions(tenant: Tenant, request: Request) -> Answer:
    """GET /directory/subscriptions: when what was bought is renewed."""
    permitted(request, "/subscribedskus")
    request.query.only("select", "top", "filter", "format", "skiptoken", "count")
    rows = [_subscription(tenant, sku, bought) for sku, bought, _ in tenant.subscriptions()]
    return lists.serve(tenant, request, _LISTING, rows)


_LISTING: Final = lists.Listing(
    "directory/subscriptions", "companySubscription", _SUBSCRIPTION, page=100, most=999,
    filters=dict.fromkeys(("id", "commerceSubscriptionId", "skuId", "skuPartNumber", "status"), ("eq",)),
)  # fmt: skip


def renewal_of(tenant: Tenant, sku: Sku, now: int) -> int:
    """When the subscription of a SKU is renewed next, each year on the same day."""
    renewal = tenant.directory.start + (20 + number(tenant.settings.seed, "renewal", sku.id) % 340) * DAY
    return renewal + max(0, -((renewal - now) // (365 * DAY))) * 365 * DAY


def _subscription(tenant: Tenant, sku: Sku, bought: int) -> dict[str, Any]:
    seed, start = tenant.settings.seed, tenant.directory.start
    return {
        "id": object_guid(seed, "subscription", sku.id),
        "commerceSubscriptionId": object_guid(seed, "commerce", sku.id),
        "createdDateTime": iso(start - 800 * DAY),
        "isTrial": False,
        "nextLifecycleDateTime": iso(renewal_of(tenant, sku, tenant.seconds)),
        "ownerId": None,
        "ownerTenantId": None,
        "ownerType": None,
        "serviceStatus": [service_plan(plan) for plan in sku.plans],
        "skuId": sku.id,
        "skuPartNumber": sku.part_number,
        "status": "Enabled",
        "totalLicenses": bought,
    }
