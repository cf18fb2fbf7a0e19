"""How an application stands today, in counts: what the list, the overview and its chart over time show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seatkeeper.insights.base import Picture, Plan
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.insights.money import Money, PriceList
from seatkeeper.insights.savings import cost_a_month, idle_cost
from seatkeeper.model import to_id
from seatkeeper.services.drawing.source import Source
from seatkeeper.store.bulk.drawn import StrangerRow
from seatkeeper.store.models import Application, Finding, Standing

COUNTS = {
    Activity.ACTIVE: "active",
    Activity.POSSIBLY_ACTIVE: "possibly_active",
    Activity.INACTIVE: "inactive",
    Activity.NEVER_SEEN: "never_seen",
    Activity.NOT_OBSERVABLE: "not_observable",
}


def count(picture: Picture, strangers: Sequence[StrangerRow], prices: PriceList) -> dict[str, Any]:
    """All of the day's counts but that of the findings, which live in the database."""
    kinds = Counter(activity(holder, picture) for holder in picture.holders)
    observed = picture.observed
    return {
        "bought": sum(purchase.bought for purchase in picture.purchases),
        "assigned": sum(purchase.consumed for purchase in picture.purchases),
        "holders": len(picture.holders),
        **{field: kinds[kind] for kind, field in COUNTS.items()},
        "suspicious": sum(stranger.state == "open" for stranger in strangers),
        "observed_from": observed.start if observed else None,
        "observed_until": observed.end if observed else None,
        "annual_cost": str(cost_a_month(picture, prices).times(12)),
        "idle_cost": str(idle_cost(picture, prices)),
        "skus": json.dumps(_count_skus(picture)),
    }


def _count_skus(picture: Picture) -> list[Mapping[str, object]]:
    """The same for each SKU that was bought or is held; a person with two plans counts for both."""
    plans: dict[Plan, Counter[str]] = {}
    bought: dict[Plan, dict[str, object]] = {}
    for purchase in picture.purchases:
        plans.setdefault(purchase.plan, Counter())
        bought[purchase.plan] = {
            "status": purchase.status, "bought": purchase.bought, "assigned": purchase.consumed,
            "enabled": purchase.enabled, "warning": purchase.warning, "suspended": purchase.suspended,
        }  # fmt: skip
    for holder in picture.holders:
        kind = COUNTS[activity(holder, picture)]
        for plan in {seat.plan for seat in holder.seats}:
            plans.setdefault(plan, Counter()).update(("holders", kind))
    fields = ("holders", *COUNTS.values())
    return [
        {
            "sku": to_id(plan.sku), "part_number": plan.part_number, "title": plan.title,
            **bought.get(plan, {}), **{field: counts[field] for field in fields},
        }
        for plan, counts in sorted(plans.items(), key=lambda item: item[0].title)
    ]  # fmt: skip


def newest(application: Application) -> Standing | None:
    return Standing.objects.filter(application=application).order_by("-day").first()


def is_newer(source: Source, before: Standing | None) -> bool:
    """Whether anything was read since that could show that a finding is no more."""
    if before is None:
        return False
    return (source.roster, source.licenses, source.coverage) != (before.generation, before.licenses, before.coverage)


def recount(application: Application) -> None:
    """The open findings of the newest drawing, after somebody decided on one."""
    number = Finding.objects.filter(application=application, state="open").count()
    if (drawn := newest(application)) is not None:
        Standing.objects.filter(pk=drawn.pk).update(findings=number)


def save(application: Application, source: Source, counts: Mapping[str, Any], saved: Iterable[Money]) -> Standing:
    """Today's standing; that of an earlier day is history and stays."""
    values = {
        "drawn": source.now,
        "generation": source.roster,
        "licenses": source.licenses,
        "coverage": source.coverage,
        "digest": source.digest,
        "findings": Finding.objects.filter(application=application, state="open").count(),
        "saved": str(Money.total(saved)),
        **counts,
    }
    standing, _made = Standing.objects.update_or_create(application=application, day=source.day, defaults=values)
    return standing
