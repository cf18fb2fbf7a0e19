"""How an application stands today, in counts: what the list, the overview and its chart over time show."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seatkeeper.amounts import Money
from seatkeeper.insights.base import Snapshot
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.insights.money import Balance
from seatkeeper.model import Key, to_id
from seatkeeper.reporting.inputs import Source
from seatkeeper.store.models import Application, DailySummary, Finding, UnlicensedUser

# The parts that a SKU's seats are in (insights/money.py), each in a number.
PARTS = ("used", "unused", "undecided", "unassigned", "kept", "elsewhere", "beyond", "idle", "could_save", "trial")


def count(snapshot: Snapshot, balance: Balance) -> dict[str, Any]:
    """All counts of the day except those of rows that are stored one by one (`save`)."""
    kinds = [activity(holder, snapshot) for holder in snapshot.holders]
    number, observed = Counter(kinds), snapshot.observed
    return {
        "bought": sum(purchase.bought for purchase in snapshot.purchases),
        "assigned": sum(purchase.consumed for purchase in snapshot.purchases),
        "holders": len(snapshot.holders),
        **{kind.field: number[kind] for kind in Activity},
        "observed_from": observed.start if observed else None,
        "observed_until": observed.end if observed else None,
        "bought_cost": balance.total("bought"),
        "idle_cost": balance.total("idle"),
        "could_save": balance.total("could_save"),
        "skus": json.dumps(_count_skus(snapshot, kinds, balance)),
    }


def _count_skus(snapshot: Snapshot, kinds: Sequence[Activity], balance: Balance) -> list[Mapping[str, object]]:
    """The same for each SKU that was bought or is held; a person with two plans counts for both."""
    people: dict[Key, Counter[str]] = defaultdict(Counter)
    for holder, kind in zip(snapshot.holders, kinds, strict=True):
        for sku in {seat.sku.key for seat in holder.seats}:
            people[sku]["holders"] += 1
            people[sku][kind.field] += 1
    bought = {
        one.sku.key: {
            "status": one.status, "bought": one.bought, "assigned": one.consumed,
            "enabled": one.enabled, "warning": one.warning, "suspended": one.suspended,
        }
        for one in snapshot.purchases
    }  # fmt: skip
    return [
        {
            "sku": to_id(position.sku.key), "part_number": position.sku.part_number, "title": position.sku.title,
            **bought.get(position.sku.key, {}),  # nothing while nobody has read what was bought
            **{field: people[position.sku.key][field] for field in ("holders", *(kind.field for kind in Activity))},
            "price": position.price.write(), "paid": position.bought,
            **{part: getattr(position, part) for part in PARTS},
        }
        for position in balance.positions
    ]  # fmt: skip


def list_positions(summary: DailySummary | None) -> list[dict[str, Any]]:
    """The SKUs of a summary; one of an earlier version has fewer fields."""
    rows: list[dict[str, Any]] = json.loads(summary.skus) if summary else []
    return [{"price": "", **dict.fromkeys(("paid", *PARTS), 0), **row} for row in rows]


def list_seat_prices(application: Application) -> dict[str, Money]:
    """What one seat of each SKU costs, by the SKU's id."""
    return {row["sku"]: Money.read(row["price"]) for row in list_positions(newest(application))}


def list_tenant_prices(connection_id: int) -> dict[str, Money]:
    """The same of every SKU that any application of the tenant shows."""
    prices: dict[str, Money] = {}
    for application in Application.objects.filter(connection=connection_id, active=True):
        prices |= list_seat_prices(application)
    return prices


def newest(application: Application) -> DailySummary | None:
    """The summary of the last refresh, whichever moment that was as of: `sync --now` may name one before another."""
    return DailySummary.objects.filter(application=application).order_by("-pk").first()


def is_newer(source: Source, before: DailySummary | None) -> bool:
    """Whether anything was read since that could show that a finding is no more."""
    if before is None:
        return False
    shown = before.generation, before.licenses, before.coverage, before.signals or source.signals
    return (source.roster, source.licenses, source.coverage, source.signals) != shown


def recount(application: Application) -> None:
    """Count the open findings again, after somebody decided on one."""
    number = Finding.objects.filter(application=application, state="open").count()
    if (summary := newest(application)) is not None:
        DailySummary.objects.filter(pk=summary.pk).update(findings=number)


def save(application: Application, source: Source, counts: Mapping[str, Any], saved: Iterable[Money]) -> DailySummary:
    """Today's summary, a new row each time, so that the newest row is the last refresh; other days are history."""
    values = {
        "refreshed": source.now,
        "generation": source.roster,
        "licenses": source.licenses,
        "coverage": source.coverage,
        "signals": source.signals,
        "digest": source.digest,
        "findings": Finding.objects.filter(application=application, state="open").count(),
        "suspicious": UnlicensedUser.objects.filter(application=application, state="open").count(),
        "saved": Money.total(saved),
        **counts,
    }
    DailySummary.objects.filter(application=application, day=source.day).delete()
    return DailySummary.objects.create(application=application, day=source.day, **values)
