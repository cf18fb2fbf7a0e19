"""GET /organization: the tenant's name, its domains and its company-wide plans."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.sandbox.graph import lists
from seatkeeper.sandbox.graph.request import Answer, Request, cost, permitted
from seatkeeper.sandbox.world.catalog import AAD_PREMIUM
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Tenant

_LISTS: Final = (
    "businessPhones", "marketingNotificationEmails", "securityComplianceNotificationMails",
    "securityComplianceNotificationPhones", "technicalNotificationMails",
)  # fmt: skip
_PROPERTIES: Final = (
    "id", "deletedDateTime", "assignedPlans", "city", "country", "countryLetterCode", "createdDateTime",
    "defaultUsageLocation", "displayName", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "postalCode",
    "preferredLanguage", "state", "street", "tenantType", "verifiedDomains", *_LISTS,
)  # fmt: skip


def organization(tenant: Tenant, request: Request) -> Answer:
    """A list of one."""
    permitted(request, "/organization")
    request.query.only("select", "top", "format")
    names = lists.select(request, _PROPERTIES, "organization")
    since = iso(tenant.directory.start - 3000 * DAY)
    premium = {
        "assignedDateTime": since,
        "capabilityStatus": "Enabled",
        "service": "AADPremiumService",
        "servicePlanId": AAD_PREMIUM,
    }
    row: dict[str, Any] = dict.fromkeys(_PROPERTIES) | {
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
        **{name: [] for name in _LISTS},
    }
    return Answer(lists.page(request, "organization", [row], names), cost(request, 1))
