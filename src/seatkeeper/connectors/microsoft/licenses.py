"""License Information: what the tenant bought and what it has assigned, one row a SKU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import NotUnderstood
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import BadRow, Budget, read_pages, to_row
from seatkeeper.model import Renewal, Subscription, to_instant, to_key

SKUS = "/v1.0/subscribedSkus"
RENEWALS = "/v1.0/directory/subscriptions"
_FEW: Final = Budget(pages=100, seconds=300.0)  # a tenant has dozens of subscriptions


class Units(msgspec.Struct, rename="camel"):
    enabled: int | None = None
    warning: int | None = None
    suspended: int | None = None
    locked_out: int | None = None


class ServicePlan(msgspec.Struct, rename="camel"):
    service_plan_id: str


class SubscribedSku(msgspec.Struct, rename="camel"):
    """The fields of a subscribedSku that we keep; this list is also what `$select` asks for."""

    ONCE: ClassVar = ("skuId", "capabilityStatus", "consumedUnits", "prepaidUnits", "servicePlans")

    sku_id: str
    sku_part_number: str | None = None
    capability_status: str | None = None
    consumed_units: int | None = None
    prepaid_units: Units | None = None
    service_plans: list[ServicePlan] | None = None


class CompanySubscription(msgspec.Struct, rename="camel"):
    """The fields of a companySubscription that we keep."""

    id: str
    sku_id: str
    sku_part_number: str | None = None
    status: str | None = None
    total_licenses: int | None = None
    is_trial: bool | None = None
    next_lifecycle_date_time: str | None = None


SELECT = ",".join(f.encode_name for f in msgspec.structs.fields(SubscribedSku))


def read_subscriptions(client: Client) -> Iterator[RecordPage[Subscription]]:
    """Every SKU of the tenant; Graph answers in one page."""
    start = f"{SKUS}?$select={SELECT}"
    for page in read_pages(client, start, path=SKUS, row=SubscribedSku, family="directory", units=2):
        result: RecordPage[Subscription] = RecordPage([], page.bad, link=page.link)
        for sku in page.rows:
            try:
                result.records.append(to_subscription(sku))
            except ValueError as error:
                result.bad.append(BadRow(msgspec.json.encode(sku), str(error)))
        yield result


def read_again(raw: bytes) -> Subscription:
    """A SKU that was set aside. Raises ValueError with the reason."""
    return to_subscription(to_row(raw, SubscribedSku))


def to_subscription(sku: SubscribedSku) -> Subscription:
    units = sku.prepaid_units or Units()
    return Subscription(
        to_key(sku.sku_id.lower()),
        sku.sku_part_number or "",
        sku.capability_status or "",
        units.enabled or 0,
        units.warning or 0,
        units.suspended or 0,
        units.locked_out or 0,
        sku.consumed_units or 0,
        ",".join(sorted(plan.service_plan_id for plan in sku.service_plans or ())),
    )


def read_renewals(client: Client) -> list[Renewal]:
    """Every commercial subscription. Raises what reading raises, and NotUnderstood when a row is not one."""
    found = []
    pages = read_pages(
        client, RENEWALS, path=RENEWALS, row=CompanySubscription, family="directory", units=2, budget=_FEW
    )
    for page in pages:
        if page.bad:
            raise NotUnderstood(f"Microsoft sent a subscription that we do not understand: {page.bad[0].reason}.")
        found += page.rows
    try:
        return [to_renewal(row) for row in found]
    except ValueError as error:
        raise NotUnderstood(f"Microsoft sent a subscription that we do not understand: {error}.") from None


def to_renewal(row: CompanySubscription) -> Renewal:
    """Raises ValueError with the reason. A date before 1970 is Microsoft's way to say that there is none."""
    when = to_instant(row.next_lifecycle_date_time) if row.next_lifecycle_date_time else None
    return Renewal(
        row.id,
        to_key(row.sku_id.lower()),
        row.sku_part_number or "",
        row.status or "",
        max(0, row.total_licenses or 0),
        bool(row.is_trial),
        when if when is None or when > 0 else None,
    )
