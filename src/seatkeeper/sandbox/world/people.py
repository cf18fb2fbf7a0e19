"""The shape of a person in the tenant, and of what somebody holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seatkeeper.sandbox.world.catalog import ServicePlan, Sku

DAY: Final = 86_400
DOMAIN: Final = "northwind.example"
GHOST: Final = (1 << 24) - 1  # the number of the person whose account was deleted before our time


@dataclass(frozen=True, slots=True)
class Holding:
    """A SKU somebody holds. Times are seconds since 1970; `groups` are the groups it came through, None is direct."""

    sku: Sku
    since: int
    disabled: frozenset[str] = frozenset()
    status: str = "Enabled"
    groups: tuple[str | None, ...] = (None,)
    error: str = "None"

    def enabled_plans(self) -> list[ServicePlan]:
        """The plans its holder may use: none of those switched off."""
        return [plan for plan in self.sku.plans if plan.id not in self.disabled]


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the directory. `log_name` is how the sign-in log writes its user principal name."""

    number: int
    id: str
    upn: str
    mail: str | None
    given: str | None
    surname: str | None
    display: str
    created: int | None
    enabled: bool = True
    guest: bool = False
    department: str | None = None
    title: str | None = None
    country: str | None = "NO"
    holdings: tuple[Holding, ...] = ()
    removed: tuple[tuple[ServicePlan, int], ...] = ()
    habit: str = "none"

    @property
    def log_name(self) -> str:
        """Lower case whatever the directory says; guests appear under their real mail."""
        return (self.mail if self.guest and self.mail else self.upn).lower()
