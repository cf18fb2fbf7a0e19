"""Who holds a seat of a product, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from seatkeeper.sandbox.world.catalog import OFFICE, PROJECT, ServicePlan, office_plans, product_data
from seatkeeper.sandbox.world.people import Holding, Person


def in_force(person: Person) -> set[str]:
    """The plans somebody may use now: switched on in some holding that is Enabled or in grace (Warning)."""
    good = [held for held in person.holdings if held.status in {"Enabled", "Warning"}]
    return {plan.id for held in good for plan in held.enabled_plans()}


def seats_of(person: Person, product: str = PROJECT) -> list[Holding]:
    """The holdings that make somebody a user of a product: one of its SKUs with a seat plan switched on and in force.

    Microsoft tells the state of a plan once for each person, not for each SKU that carries it; so a suspended SKU whose
    plan another SKU keeps in force cannot be told from a good one, and counts.
    """
    usable = in_force(person)
    return [
        held
        for held in person.holdings
        if held.sku.is_seat_of(product) and any(plan.id in usable for plan in _seat_plans(held, product))
    ]


def _seat_plans(held: Holding, product: str) -> list[ServicePlan]:
    """The plans that are switched on and make their holder a user."""
    enabled = held.enabled_plans()
    if product == OFFICE:
        return [plan for plan in enabled if plan.id in office_plans()]
    return [plan for plan in enabled if plan.makes_user_of(product)]


def seats_apart(person: Person, product: str, kinds: tuple[str, ...] = ("other-product",)) -> list[Holding]:
    """The holdings that bring the product without being a seat of it: other products' licences, and what is free."""
    usable, opening = in_force(person), _opening(product)

    def opens(plan: ServicePlan) -> bool:
        return plan.id in usable and (plan.makes_user_of(product) or plan.id in opening)

    ours = (held for held in person.holdings if held.sku.kind_for(product) in kinds)
    return [held for held in ours if any(map(opens, held.enabled_plans()))]


@cache
def _opening(product: str) -> frozenset[str]:
    """Plans that let people in to a product without making them users of it."""
    return frozenset(p["id"] for p in product_data(product)["plans"] if p["class"] in {"operations", "free"})


def active_date(person: Person, product: str = PROJECT) -> int | None:
    """Earliest date of an enabled plan; else the newest change of a SKU that has one; else the account's first day."""
    seats = seats_of(person, product)
    dates = [date for held in seats for date in _plan_dates(person, held, product)]
    if dates:
        return min(dates)
    changes = [held.since for held in seats]
    return max(changes) if changes else person.created


def seat_date(person: Person, seat: Holding, product: str) -> int:
    """The same of one seat."""
    return min(_plan_dates(person, seat, product), default=seat.since)


def _plan_dates(person: Person, seat: Holding, product: str) -> Iterator[int]:
    """When the seat plans of a holding were assigned; a plan that came twice has the date of its earliest good copy."""
    for plan in _seat_plans(seat, product):
        copies = [held for held in person.holdings if plan in held.enabled_plans()]
        good = [held.since for held in copies if held.status == "Enabled"]
        grace = [held.since for held in copies if held.status == "Warning"]
        if good or grace:  # every copy may be suspended
            yield min(good or grace)
