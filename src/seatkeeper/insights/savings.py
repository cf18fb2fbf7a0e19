"""What could be saved: every seat that findings speak of, counted once however many of them do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from seatkeeper.insights.base import Finding, Holder, Picture
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.insights.money import Money, PriceList

# Findings whose advice, when followed, frees the seats they name. Others only ask for a look.
# Those about somebody on the roster come in this order: the surest first.
OF_HOLDERS: Final = ("blocked", "never-seen", "unused", "retired-service", "two-plans", "guest")
FREEING: Final = frozenset((*OF_HOLDERS, "deleted", "unassigned"))
IDLE: Final = frozenset({Activity.INACTIVE, Activity.NEVER_SEEN})


def potential(findings: Iterable[Finding], prices: PriceList) -> Money:
    """What the seats of the findings cost a month; a person's seat counts once, and each unassigned one once."""
    seats: set[tuple[bytes, str]] = set()
    unassigned: list[str] = []
    for finding in findings:
        if finding.key not in FREEING:
            continue
        if finding.account is None:
            unassigned += finding.skus
        else:
            seats |= {(finding.account, sku) for sku in finding.skus}
    return prices.of_seats([*(sku for _account, sku in sorted(seats)), *unassigned])


def cost_of(holders: Iterable[Holder], prices: PriceList) -> Money:
    """What the seats of people cost a month."""
    return prices.of_seats([seat.plan.part_number for holder in holders for seat in holder.seats])


def idle_holders(picture: Picture) -> list[Holder]:
    """Who is proven not to have used the product within the threshold."""
    return [holder for holder in picture.holders if activity(holder, picture) in IDLE]


def idle_cost(picture: Picture, prices: PriceList) -> Money:
    """What seats cost a month that nobody uses or holds."""
    unassigned = [
        prices.a_month(purchase.plan.part_number).times(max(0, purchase.bought - purchase.consumed))
        for purchase in picture.purchases
    ]
    return Money.total([cost_of(idle_holders(picture), prices), *unassigned])


def cost_a_month(picture: Picture, prices: PriceList) -> Money:
    """What the product costs: every seat that was bought; while nobody has read that, every seat that is held."""
    if not picture.purchases:
        return cost_of(picture.holders, prices)
    return Money.total(prices.a_month(p.plan.part_number).times(p.bought) for p in picture.purchases)
