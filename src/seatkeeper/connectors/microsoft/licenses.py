"""License Information: what the tenant bought and what it has assigned, one row a SKU."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from seatkeeper.connectors.base import RecordPage
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import BadRow, read_pages
from seatkeeper.model import Subscription, to_key

SKUS = "/v1.0/subscribedSkus"


class Units(msgspec.Struct, rename="camel"):
    enabled: int | None = None
    warning: int | None = None
    suspended: int | None = None
    locked_out: int | None = None


class ServicePlan(msgspec.Struct, rename="camel"):
    service_plan_id: str


class SubscribedSku(msgspec.Struct, rename="camel"):
    """The fields of a subscribedSku that we keep; this list is also what `$select` asks for."""

    sku_id: str
    sku_part_number: str | None = None
    capability_status: str | None = None
    consumed_units: int | None = None
    prepaid_units: Units | None = None
    service_plans: list[ServicePlan] | None = None


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
