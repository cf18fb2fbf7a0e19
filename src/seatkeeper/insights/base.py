"""What insights work on: the holders of a product's seats with what is known of their use. No vendor, no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seatkeeper.model import Evidence, Instant, Key
from seatkeeper.spans import Span


class Plan(NamedTuple):
    """A SKU as insights see it: `level` orders SKUs by what people call higher; `opens` are the kinds of use."""

    sku: Key
    part_number: str
    title: str
    level: int | None
    opens: frozenset[str] = frozenset()


class HeldSeat(NamedTuple):
    """One assignment of a SKU to a person."""

    plan: Plan
    kind: str
    active: Instant | None
    active_source: str
    assigned_by: str
    state: str
    error: str
    retired: Instant | None = None  # when all that it opens for its holder ends, if the vendor ends it


class Reported(NamedTuple):
    """What the vendor's own activity report says of a person: counts over `period` ticks up to `until`."""

    last: Instant | None
    desktop: int
    web: int
    other: bool
    period: Instant
    until: Instant


class InTenant(NamedTuple):
    """When an account last got in anywhere in the tenant, as was known when that was read."""

    last: Instant
    read_at: Instant


class Renewing(NamedTuple):
    """A commercial subscription with the day on which it renews or ends."""

    plan: Plan
    total: int
    trial: bool
    when: Instant


def newest_of(one: Instant | None, other: Instant | None) -> Instant | None:
    """The later of two moments of which either may be unknown."""
    return one if other is None or (one is not None and one >= other) else other


@dataclass(frozen=True, slots=True)
class Holder:
    """A person on the roster of the product."""

    account: Key
    user_id: str
    mail: str
    first_name: str
    last_name: str
    blocked: bool
    guest: bool
    department: str
    seats: tuple[HeldSeat, ...]
    active: Instant | None
    active_source: str
    last_login: Instant | None
    last_possible: Instant | None
    evidence: Evidence
    observed_since: Instant | None
    location: str = ""
    reported: Reported | None = None
    in_tenant: InTenant | None = None  # when that is read at all

    @property
    def last_use(self) -> Instant | None:
        """The newest use of the product itself that anything shows: a sign-in, or the vendor's activity report."""
        return newest_of(self.last_login, self.reported.last if self.reported else None)

    @property
    def last_maybe(self) -> Instant | None:
        """The newest activity that may have been a use: of a shared application, or anywhere in the tenant."""
        return newest_of(self.last_possible, self.in_tenant.last if self.in_tenant else None)

    @property
    def plans(self) -> str:
        return "; ".join(seat.plan.title for seat in self.seats)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought of a SKU and what of it is assigned."""

    plan: Plan
    status: str
    enabled: int
    warning: int
    suspended: int
    consumed: int

    @property
    def bought(self) -> int:
        """Units that give access: in force, or in the grace period."""
        return self.enabled + self.warning


class Gone(NamedTuple):
    """Somebody whose account was deleted while it held a seat; `when` is the run that first showed it."""

    account: Key
    user_id: str
    plan: Plan
    when: Instant


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is known of an application at one moment; insights are pure functions of it."""

    now: Instant
    threshold: Instant
    grace: Instant
    observed: Span | None  # the newest stretch for which sign-ins are complete
    holders: Sequence[Holder]
    apart: Sequence[Holder]  # who has the product inside another product's licence
    purchases: Sequence[Purchase]
    gone: Sequence[Gone] = ()  # newest first
    given: Mapping[Key, int] = field(default_factory=dict)  # accounts that have a SKU of `gone`, as a seat or not
    renewals: Sequence[Renewing] = ()

    @property
    def as_of(self) -> Instant:
        """The moment for which we may speak: where proof ends, not now, because nothing is known of what came after."""
        return self.observed.end if self.observed else self.now


class Finding(NamedTuple):
    """What an insight says about a seat, with what it stands on. `skus` are the part numbers it would save.

    `sku` is the part number of the purchase that it is about, where it is about no person.
    """

    key: str
    user_id: str
    plan: str
    evidence: str
    observed_since: Instant | None
    last_login: Instant | None
    advice: str
    account: Key | None = None
    skus: tuple[str, ...] = ()
    sku: str = ""


class Insight(NamedTuple):
    """A question with the pure function that answers it."""

    key: str
    question: str
    find: Callable[[Picture], Iterable[Finding]]


def about(holder: Holder, key: str, advice: str, plan: Plan | None = None) -> Finding:
    """A finding about a person on the roster: about one of the plans held, or about all."""
    return Finding(
        key,
        holder.user_id,
        holder.plans if plan is None else plan.title,
        holder.evidence,
        holder.observed_since,
        holder.last_login,
        advice,
        holder.account,
        tuple(seat.plan.part_number for seat in holder.seats) if plan is None else (plan.part_number,),
    )


def about_plan(plan: Plan, key: str, advice: str, units: int = 0) -> Finding:
    """A finding about a purchase and no person; `units` are the seats that could be saved."""
    units_saved = (plan.part_number,) * units
    return Finding(key, "", plan.title, "", None, None, advice, None, units_saved, plan.part_number)
