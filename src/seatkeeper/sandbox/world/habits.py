"""Who signs in to what and how often, told by what people hold and what they are like on the first day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from seatkeeper.sandbox.world.catalog import COPILOT, DYNAMICS, MORE, POWER_BI, VISIO, Sku
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import Person
from seatkeeper.sandbox.world.seats import seats_apart, seats_of

# Sign-ins a day per person of the application's people, in the order of the catalog; weekends have a third of it.
RATES: Final = (
    0.35, 0.02, 0.02, 0.0, 0.01, 0.005, 0.08, 0.1, 0.1, 0.05, 0.02, 0.005,
    0.08, 0.05, 0.1, 0.06,
)  # fmt: skip
POOLS: Final = {12: "in Teams", 13: "on the desktop", 14: "in Business Central", 15: "in Sales"}  # others are active
_APART: Final = (VISIO, COPILOT, *MORE)


def _active(person: Person) -> bool:
    return person.enabled and person.habit != "machine"


def _shares(person: Person, word: str, percent: int) -> bool:
    """Whether somebody is of the percentage of people who do so; everybody made from a prototype does as it does."""
    return _active(person) and number(word, person.id) % 100 < percent


def _is_apart(sku: Sku) -> bool:
    """Whether holding it changes no sign-in to Project; the licence of Team Members was always there."""
    return sku.product in _APART or (sku.is_seat_of(DYNAMICS) and sku.part_number != "DYN365_TEAM_MEMBERS")


def _is_in_business_central(person: Person) -> bool:
    return any("BUSCENTRAL" in held.sku.part_number for held in seats_of(person, DYNAMICS))


HABITS: Final[dict[str, Callable[[Person], bool]]] = {
    "active": _active,
    "weekly": lambda p: _active(p) and p.habit == "weekly" and bool(seats_of(p)),
    "lapsed": lambda p: _active(p) and p.habit == "lapsed" and bool(seats_of(p)),
    "never": lambda p: _active(p) and p.habit == "never" and bool(seats_of(p)),
    "visitor": lambda p: _active(p) and all(_is_apart(h.sku) for h in p.holdings) and p.habit == "lapsed",
    "in Teams": lambda p: _shares(p, "teams", 40) and bool(seats_of(p, POWER_BI)),
    "on the desktop": lambda p: (
        _shares(p, "desktop", 30) and bool(seats_of(p, POWER_BI) or seats_apart(p, POWER_BI, ("free", "other-product")))
    ),
    "in Business Central": lambda p: _shares(p, "business central", 70) and _is_in_business_central(p),
    "in Sales": lambda p: _shares(p, "sales", 60) and bool(seats_of(p, DYNAMICS)),
}
