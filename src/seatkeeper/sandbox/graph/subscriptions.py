"""GET /subscribedSkus and /directory/subscriptions: what was bought, how much is assigned, when it is renewed."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.sandbox.graph import lists
from seatkeeper.sandbox.graph.answers import service_plan
from seatkeeper.sandbox.graph.request import Answer, Request, cost, permitted
from seatkeeper.sandbox.world.catalog import Sku
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.subscriptions import renewal_of, subscriptions
from seatkeeper.sandbox.world.tenant import Tenant

_SKU: Final = (
    "accountName", "accountId", "appliesTo", "capabilityStatus", "consumedUnits", "id", "prepaidUnits", "servicePlans",
    "skuId", "skuPartNumber", "subscriptionIds",
)  # fmt: skip
_LISTING: Final = lists.Listing(
    "directory/subscriptions",
    "companySubscription",
    (
        "id", "commerceSubscriptionId", "createdDateTime", "isTrial", "nextLifecycleDateTime", "ownerId",
        "ownerTenantId", "ownerType", "serviceStatus", "skuId", "skuPartNumber", "status", "totalLicenses",
    ),
    page=100,
    most=999,
    filters=dict.fromkeys(("id", "commerceSubscriptionId", "skuId", "skuPartNumber", "status"), ("eq",)),
)  # fmt: skip


def subscribed_skus(tenant: Tenant, request: Request) -> Answer:
    """GET /subscribedSkus: bought and assigned; only $select, one page."""
    permitted(request, "/subscribedskus")
    request.query.only("select", "format")
    names = lists.select(request, _SKU, "subscribedSku")
    rows = [_subscribed(tenant, *row) for row in subscriptions(tenant)]
    return Answer(lists.page(request, "subscribedSkus", rows, names), cost(request, 3))


def _subscribed(tenant: Tenant, sku: Sku, bought: int, assigned: int) -> dict[str, Any]:
    lapsed = sku.part_number in tenant.lapsed
    enabled, warning = (0, bought) if lapsed else (bought, 0)
    return {
        "accountName": "Northwind",
        "accountId": tenant.tenant_id,
        "appliesTo": "User",
        "capabilityStatus": "Warning" if lapsed else "Enabled",
        "consumedUnits": assigned,
        "id": f"{tenant.tenant_id}_{sku.id}",
        "prepaidUnits": {"enabled": enabled, "lockedOut": 0, "suspended": 0, "warning": warning},
        "servicePlans": [service_plan(plan) for plan in sku.plans],
        "skuId": sku.id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": [object_guid(tenant.settings.seed, "subscription", sku.id)],
    }


def company_subscriptions(tenant: Tenant, request: Request) -> Answer:
    """GET /directory/subscriptions: when what was bought is renewed."""
    permitted(request, "/subscribedskus")
    request.query.only("select", "top", "filter", "format", "skiptoken", "count")
    rows = [_subscription(tenant, sku, bought) for sku, bought, _assigned in subscriptions(tenant)]
    return lists.serve(tenant, request, _LISTING, rows)


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
