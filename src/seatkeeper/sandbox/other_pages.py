"""The small endpoints: what was bought, whose tenant it is, and whether reports conceal names."""

from __future__ import annotations

from typing import Any

from seatkeeper.sandbox import lists
from seatkeeper.sandbox.answers import encode, iso
from seatkeeper.sandbox.catalog import AAD_PREMIUM
from seatkeeper.sandbox.dice import object_guid
from seatkeeper.sandbox.license_pages import service_plan
from seatkeeper.sandbox.people import DAY
from seatkeeper.sandbox.request import Answer, Request, cost, permitted
from seatkeeper.sandbox.tenant import Tenant


def subscribed_skus(tenant: Tenant, request: Request) -> Answer:
    """GET /subscribedSkus: bought and assigned; only $select, one page."""
    permitted(request, "/subscribedskus")
    request.query.only("select", "format")
    names = lists.select(request, _SKU, "subscribedSku")
    rows = [
        {
            "accountName": "Northwind",
            "accountId": tenant.tenant_id,
            "appliesTo": "User",
            "capabilityStatus": "Warning" if sku.part_number in tenant.lapsed else "Enabled",
            "consumedUnits": assigned,
            "id": f"{tenant.tenant_id}_{sku.id}",
            "prepaidUnits": _units(bought, lapsed=sku.part_number in tenant.lapsed),
            "servicePlans": [service_plan(plan) for plan in sku.plans],
            "skuId": sku.id,
            "skuPartNumber": sku.part_number,
            "subscriptionIds": [object_guid(tenant.settings.seed, "subscription", sku.id)],
        }
        for sku, bought, assigned in tenant.subscriptions()
    ]
    return Answer(lists.page(request, "subscribedSkus", rows, names), cost(request, 3))


def _units(bought: int, *, lapsed: bool) -> dict[str, int]:
    enabled, warning = (0, bought) if lapsed else (bought, 0)
    return {"enabled": enabled, "lockedOut": 0, "suspended": 0, "warning": warning}


def organization(tenant: Tenant, request: Request) -> Answer:
    """GET /organization: the tenant's name, domains and company-wide plans."""
    permitted(request, "/organization")
    request.query.only("select", "top", "format")
    names = lists.select(request, _ORGANIZATION, "organization")
    since = iso(tenant.directory.start - 3000 * DAY)
    premium = {
        "assignedDateTime": since,
        "capabilityStatus": "Enabled",
        "service": "AADPremiumService",
        "servicePlanId": AAD_PREMIUM,
    }
    row: dict[str, Any] = dict.fromkeys(_ORGANIZATION)
    row |= {
        "id": tenant.tenant_id,
        "assignedPlans": [premium] if tenant.premium else [],
        "countryLetterCode": "NO",
        "createdDateTime": since,
        "displayName": "Northwind",
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": place == 0,
                "isInitial": place == 1,
                "name": name,
                "type": "Managed",
            }
            for place, name in enumerate(sorted(tenant.domains))
        ],
    }
    for name in _LISTS:
        row[name] = []
    return Answer(lists.page(request, "organization", [row], names), cost(request, 1))


def report_settings(tenant: Tenant, request: Request) -> Answer:
    """GET /admin/reportSettings."""
    permitted(request, "/admin/reportsettings")
    shape = {
        "@odata.context": f"{request.root}/$metadata#admin/reportSettings/$entity",
        "id": "reportSettings",
        "displayConcealedNames": tenant.users.concealed or tenant.conceal_reports,
    }
    return Answer(encode(shape))


_SKU = (
    "accountName", "accountId", "appliesTo", "capabilityStatus", "consumedUnits", "id", "prepaidUnits", "servicePlans",
    "skuId", "skuPartNumber", "subscriptionIds",
)  # fmt: skip
_LISTS = (
    "businessPhones", "marketingNotificationEmails", "securityComplianceNotificationMails",
    "securityComplianceNotificationPhones", "technicalNotificationMails",
)  # fmt: skip
_ORGANIZATION = (
    "id", "deletedDateTime", "assignedPlans", "city", "country", "countryLetterCode", "createdDateTime",
    "defaultUsageLocation", "displayName", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "postalCode",
    "preferredLanguage", "state", "street", "tenantType", "verifiedDomains", *_LISTS,
)  # fmt: skip
