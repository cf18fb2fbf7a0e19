"""What can happen to an account, and what the account is afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from seatkeeper.sandbox.world.catalog import DYNAMICS, POWER_BI, PROJECT, VISIO, skus
from seatkeeper.sandbox.world.dice import dice
from seatkeeper.sandbox.world.people import DOMAIN, Holding, Person

# Whoever gets a seat gets the first SKU; whoever changes plans goes from the first to the second, or to the first.
USUAL: Final = {
    PROJECT: ("PROJECTPROFESSIONAL", "PROJECTPREMIUM"),
    VISIO: ("VISIOONLINE_PLAN1", "VISIOCLIENT"),
    POWER_BI: ("POWER_BI_PRO", "PBI_PREMIUM_PER_USER"),
    DYNAMICS: ("DYN365_BUSCENTRAL_ESSENTIAL", "DYN365_ENTERPRISE_SALES"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to one account at an instant (seconds since 1970); `after` None means it was deleted."""

    at: int
    number: int
    kind: str
    after: Person | None


def gained(before: Person, product: str, at: int) -> Person:
    """With a seat of the product, unless it is held already."""
    new = skus(everything=True)[USUAL[product][0]]
    held = before.holdings if any(h.sku is new for h in before.holdings) else (*before.holdings, Holding(new, at))
    kept = tuple((plan, when) for plan, when in before.removed if plan not in new.plans)
    return replace(before, holdings=held, removed=kept)


def lost(before: Person, product: str, at: int) -> Person:
    """Without all SKUs of the product."""
    plans = {plan: at for held in before.holdings if held.sku.is_seat_of(product) for plan in held.sku.plans}
    kept = tuple(held for held in before.holdings if not held.sku.is_seat_of(product))
    return replace(before, holdings=kept, removed=(*before.removed, *plans.items()))


def swapped(before: Person, product: str, at: int) -> Person:
    """With another SKU of the product in place of those held."""
    seats = [held for held in before.holdings if held.sku.is_seat_of(product)]
    if not seats:
        return before
    usual, other = USUAL[product]
    new = skus(everything=True)[other if seats[0].sku.part_number != other else usual]
    kept = tuple(held for held in before.holdings if not held.sku.is_seat_of(product))
    plans = {plan: at for held in seats for plan in held.sku.plans if plan not in new.plans}
    removed = tuple((plan, when) for plan, when in before.removed if plan not in new.plans)
    return replace(before, holdings=(*kept, Holding(new, at)), removed=(*removed, *plans.items()))


def renamed(before: Person, seed: int, at: int) -> Person:
    """Under another surname, with the user principal name and mail that go with it."""
    surname = dice(seed, "renamed", before.number, at).choice(("Nordmann", "Bergström", "Ødegård", "Çelik"))
    ascii_name = {"Bergström": "bergstrom", "Ødegård": "odegard", "Çelik": "celik"}.get(surname, "nordmann")
    upn = f"{(before.given or 'person').lower()}.{ascii_name}.{before.number}@{DOMAIN}"
    display = f"{before.given or 'Person'} {surname}"
    return replace(before, upn=upn, mail=before.mail and upn, surname=surname, display=display, guest=False)
