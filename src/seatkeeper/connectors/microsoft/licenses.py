"""License Information: what the tenant bought and what it has assigned, one row a SKU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.connectors.base import Permission, RecordPage, TaskKind
from seatkeeper.connectors.microsoft.records import to_records
from seatkeeper.connectors.microsoft.roster import DIRECTORY
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import Budget, Id, Int32, read_pages, to_row
from seatkeeper.model import Renewal, Subscription, to_id, to_instant, to_key

TASK: Final = TaskKind(
    "licenses",
    "License Information",
    "nobody can say how many seats were bought",
    Permission(
        "LicenseAssignment.Read.All",
        DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All", "LicenseAssignment.ReadWrite.All"},
        usual="Directory.Read.All",
    ),
)
SKUS = "/v1.0/subscribedSkus"
RENEWALS = "/v1.0/directory/subscriptions"
_FEW: Final = Budget(pages=100, seconds=300.0)  # a tenant has dozens of subscriptions


class Units(msgspec.Struct, rename="camel"):
    enabled: Int32 | None = None
    warning: Int32 | None = None
    suspended: Int32 | None = None
    locked_out: Int32 | None = None


class ServicePlan(msgspec.Struct, rename="camel"):
    service_plan_id: Id


class SubscribedSku(msgspec.Struct, rename="camel"):
    """The fields of a subscribedSku that we keep; this list is also what `$select` asks for."""

    ONCE: ClassVar = ("skuId", "capabilityStatus", "consumedUnits", "prepaidUnits", "servicePlans")

    sku_id: Id
    sku_part_number: str | None = None
    capability_status: str | None = None
    consumed_units: Int32 | None = None
    prepaid_units: Units | None = None
    service_plans: list[ServicePlan] | None = None


class CompanySubscription(msgspec.Struct, rename="camel"):
    """The fields of a companySubscription that we keep."""

    id: Id
    sku_id: Id
    sku_part_number: str | None = None
    status: str | None = None
    total_licenses: Int32 | None = None
    is_trial: bool | None = None
    next_lifecycle_date_time: str | None = None


SELECT = ",".join(f.encode_name for f in msgspec.structs.fields(SubscribedSku))


def read_subscriptions(client: Client) -> Iterator[RecordPage[Subscription]]:
    """Every SKU of the tenant; Graph answers in one page."""
    # 3 resource units, less one for $select (Graph docs, concepts/throttling-limits).
    start = f"{SKUS}?$select={SELECT}"
    for page in read_pages(client, start, path=SKUS, row=SubscribedSku, family="directory", units=2):
        yield to_records(page, to_subscription)


def read_renewals(client: Client) -> RecordPage[Renewal]:
    """Every commercial subscription of the tenant, as one page."""
    found: RecordPage[Renewal] = RecordPage([], [])
    pages = read_pages(
        client, RENEWALS, path=RENEWALS, row=CompanySubscription, family="directory", units=2, budget=_FEW
    )
    for page in pages:
        read = to_records(page, to_renewal)
        found.records += read.records
        found.bad += read.bad
    return found


def read_again(raw: bytes) -> Subscription | Renewal:
    """A SKU or a commercial subscription that was set aside. Raises ValueError with the reason."""
    if b'"nextLifecycleDateTime"' in raw:
        return to_renewal(to_row(raw, CompanySubscription))
    return to_subscription(to_row(raw, SubscribedSku))


def to_subscription(sku: SubscribedSku) -> Subscription:
    """Raises ValueError with the reason: also for a number that is not told, which is not the same as none."""
    units = sku.prepaid_units or Units()
    return Subscription(
        to_key(sku.sku_id),
        sku.sku_part_number or "",
        sku.capability_status or "",
        _to_count("prepaidUnits.enabled", units.enabled),
        _to_count("prepaidUnits.warning", units.warning or 0),
        _to_count("prepaidUnits.suspended", units.suspended or 0),
        _to_count("prepaidUnits.lockedOut", units.locked_out or 0),
        _to_count("consumedUnits", sku.consumed_units),
        ",".join(sorted(to_id(to_key(plan.service_plan_id)) for plan in sku.service_plans or ())),
    )


def _to_count(field: str, number: int | None) -> int:
    """A number of seats. What was bought and what is given is money, so neither is guessed."""
    if number is None or number < 0:
        raise ValueError(f"{field}: {'not told' if number is None else 'below zero'}")
    return number


def to_renewal(row: CompanySubscription) -> Renewal:
    """Raises ValueError with the reason. A date before 1970 is Microsoft's way to say that there is none."""
    when = to_instant(row.next_lifecycle_date_time) if row.next_lifecycle_date_time else None
    return Renewal(
        to_id(to_key(row.id)),
        to_key(row.sku_id),
        row.sku_part_number or "",
        row.status or "",
        max(0, row.total_licenses or 0),
        bool(row.is_trial),
        when if when is None or when > 0 else None,
    )
