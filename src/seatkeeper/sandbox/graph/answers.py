"""Graph's shapes: how an account and a sign-in look on the wire. Nothing here knows of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from seatkeeper.sandbox.world.catalog import App, ServicePlan, shapes
from seatkeeper.sandbox.world.clock import iso
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import DOMAIN, Person

encode: Final = msgspec.json.encode
decode: Final = msgspec.json.decode

# What GET /users sends when nothing is selected.
DEFAULT_USER: Final = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip


def assigned_plans(person: Person) -> list[dict[str, Any]]:
    """One entry for each plan; plans switched off or removed stay as Deleted, as they do at Microsoft."""
    found: dict[str, tuple[int, str, str]] = {}  # plan -> date, status, service
    rank = {"Enabled": 0, "Warning": 1, "Suspended": 2, "Deleted": 3}
    for held in person.holdings:
        for plan in held.sku.plans:
            status = "Deleted" if plan.id in held.disabled else held.status
            known = found.get(plan.id)
            if known is None or (rank[status], held.since) < (rank[known[1]], known[0]):
                found[plan.id] = (held.since, status, plan.service)
    for plan, when in person.removed:
        found.setdefault(plan.id, (when, "Deleted", plan.service))
    return [
        {"assignedDateTime": iso(when), "capabilityStatus": status, "service": service, "servicePlanId": id_}
        for id_, (when, status, service) in found.items()
    ]


def service_plan(plan: ServicePlan, status: str = "Success") -> dict[str, str]:
    """A plan as part of a SKU."""
    return {
        "servicePlanId": plan.id,
        "servicePlanName": plan.name,
        "provisioningStatus": status,
        "appliesTo": "User",
    }


def assigned_licenses(person: Person) -> list[dict[str, Any]]:
    """One entry for each SKU that is held."""
    return [{"disabledPlans": sorted(h.disabled), "skuId": h.sku.id} for h in person.holdings]


def license_states(person: Person) -> list[dict[str, Any]]:
    """One entry for each way a SKU was assigned: directly or by a group."""
    return [
        {
            "skuId": held.sku.id,
            "disabledPlans": sorted(held.disabled),
            "assignedByGroup": group,
            "state": "Active" if held.error == "None" else "ActiveWithError",
            "error": held.error,
            "lastUpdatedDateTime": iso(held.since),
        }
        for held in person.holdings
        for group in held.groups
    ]


_USER: Final[dict[str, Callable[[Person], Any]]] = {
    "id": lambda p: p.id,
    "displayName": lambda p: p.display,
    "givenName": lambda p: p.given,
    "surname": lambda p: p.surname,
    "mail": lambda p: p.mail,
    "userPrincipalName": lambda p: p.upn,
    "jobTitle": lambda p: p.title,
    "preferredLanguage": lambda p: "en-US" if p.title else None,
    "accountEnabled": lambda p: p.enabled,
    "userType": lambda p: "Guest" if p.guest else "Member",
    "createdDateTime": lambda p: None if p.created is None else iso(p.created),
    "creationType": lambda p: "Invitation" if p.guest else None,
    "externalUserState": lambda p: "Accepted" if p.guest else None,
    "department": lambda p: p.department,
    "companyName": lambda p: None if p.guest else "Northwind",
    "usageLocation": lambda p: p.country,
    "deviceEnrollmentLimit": lambda _p: 5,  # never null in Microsoft's schema
    "country": lambda p: p.country,
    "mailNickname": lambda p: p.upn.partition("@")[0],
    "proxyAddresses": lambda p: [f"SMTP:{p.mail}"] if p.mail else [],
    "assignedLicenses": assigned_licenses,
    "assignedPlans": assigned_plans,
    "licenseAssignmentStates": license_states,
    "identities": lambda p: [{"signInType": "userPrincipalName", "issuer": DOMAIN, "issuerAssignedId": p.upn}],
    "securityIdentifier": lambda p: "S-1-12-1-" + "-".join(str(number(p.id, n) >> 96) for n in range(4)),
}


def user(person: Person, properties: Sequence[str]) -> dict[str, Any]:
    """An account with just these properties; those that the sandbox does not model are null or empty, by type."""
    kinds = shapes()["user_properties"]
    return {
        name: _USER[name](person) if name in _USER else ([] if kinds.get(name) == "list" else None)
        for name in properties
    }


# ------------------------------------------------------------------------------------------------------------------
# Sign-ins. (city, state, country, latitude, longitude), (client, system, browser, agent): examples in documentation
# ranges of addresses only.
_PLACES: Final = (
    ("Oslo", "Oslo", "NO", 59.91, 10.75),
    ("Stockholm", "Stockholms Lan", "SE", 59.33, 18.06),
    ("Redmond", "Washington", "US", 47.68050003051758, -122.12094116210938),
    ("Pune", "Maharashtra", "IN", 18.52, 73.85),
)
_DEVICES: Final = (
    ("Browser", "Windows10", "Edge 139.0.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg/139.0"),
    ("Browser", "MacOs", "Safari 18.5", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15"),
    ("Mobile Apps and Desktop clients", "Windows10", "", "Microsoft Office/16.0 (Windows NT 10.0)"),
    ("Browser", "Linux", "Chrome 139.0.0", "Mozilla/5.0 (X11; Linux x86_64) Chrome/139.0 '\u202e<img src=x>"),
)
PROFILES: Final = len(_PLACES) * len(_DEVICES)


def _inner(shape: dict[str, Any]) -> bytes:
    """The members of an object without its braces, to be joined into a row."""
    return encode(shape)[1:-1]


def profile(place: int, tenant_id: str) -> tuple[bytes, bytes]:
    """What stands before and after the status in a row, for one of the PROFILES."""
    client, system, browser, agent = _DEVICES[place % len(_DEVICES)]
    city, state, country, latitude, longitude = _PLACES[place // len(_DEVICES)]
    before = {"clientAppUsed": client}
    after = {
        "isInteractive": True,
        "riskDetail": "hidden", "riskLevelAggregated": "hidden", "riskLevelDuringSignIn": "hidden", "riskState": "none",
        "riskEventTypes": [], "riskEventTypes_v2": [],
        "resourceTenantId": tenant_id, "homeTenantId": tenant_id,
        "servicePrincipalId": "", "servicePrincipalName": None,
        "userAgent": agent,
        "deviceDetail": {
            "deviceId": "", "displayName": "", "operatingSystem": system, "browser": browser, "isCompliant": False,
            "isManaged": False, "trustType": "",
        },
        "location": {
            "city": city, "state": state, "countryOrRegion": country,
            "geoCoordinates": {"altitude": None, "latitude": latitude, "longitude": longitude},
        },
        "appliedConditionalAccessPolicies": [], "authenticationAppDeviceDetails": None,
    }  # fmt: skip
    return _inner(before), _inner(after)


def outcome(code: int) -> bytes:
    """The status of a sign-in with what goes with it; only error code 0 is a success."""
    reason = {
        0: "Other.",
        50126: "Error validating credentials due to invalid username or password.",
        50057: "The user account is disabled.",
        50140: "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in.",
        50074: "Strong Authentication is required.",
    }[code]
    detail = "MFA requirement satisfied by claim in the token" if code == 0 else None
    return _inner(
        {
            "conditionalAccessStatus": "success" if code in {0, 50140} else "notApplied",
            "status": {"errorCode": code, "failureReason": reason, "additionalDetails": detail},
        }
    )


def application(app: App) -> bytes:
    """The application and the resource behind it."""
    shape = {
        "appId": app.id,
        "appDisplayName": app.title,
        "resourceDisplayName": app.resource_title,
        "resourceId": app.resource_id,
    }
    return _inner(shape)


def identity(person: Person) -> bytes:
    """Who signed in, as the log writes it."""
    return _inner({"userDisplayName": person.display, "userPrincipalName": person.log_name, "userId": person.id})
