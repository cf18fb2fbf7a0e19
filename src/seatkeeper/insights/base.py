"""What insights work on: the holders of a product's seats with what is known of their use. No vendor, no database."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from seatkeeper.insights.facts import NOTHING, Facts
from seatkeeper.insights.groups import Group
from seatkeeper.model import Certainty, Evidence, Instant, Key
from seatkeeper.spans import Span

SIGN_INS: Final = "sign-ins"  # the signal that a ledger of coverage belongs to
SILENT_SIGN_INS: Final = "non-interactive-sign-ins"  # without a prompt; they have a ledger of their own
SHARED_SIGN_INS: Final = "shared-sign-ins"  # to applications that several products share


class Sku(NamedTuple):
    """A SKU as insights see it: `level` orders SKUs by what people call higher; `opens` are the kinds of use.

    The seats of a `shared` one carry another managed product, too. `plans` are all service plans in it, by the tenant.
    """

    key: Key
    part_number: str
    title: str
    level: int | None
    opens: frozenset[str] = frozenset()
    shared: bool = False
    plans: frozenset[str] = frozenset()
    mailbox: bool = False  # whether it brings one; true also where nobody says


class Seat(NamedTuple):
    """One assignment of a SKU to a person."""

    sku: Sku
    kind: str
    active: Instant | None
    active_source: str
    assigned_by: str
    state: str
    error: str
    retired: Instant | None = None  # when all that it opens for its holder ends, if the vendor ends it
    retired_service: str = ""  # and what people call that
    in_force: frozenset[str] = frozenset()  # names of the product's plans that it opens for its holder
    groups: tuple[Group, ...] = ()  # that give it


class Reported(NamedTuple):
    """What the vendor's own activity report says of a person: counts over `period` ticks up to `until`."""

    last: Instant | None
    desktop: int
    web: int
    other: bool
    period: Instant
    until: Instant


class Sighting(NamedTuple):
    """What one signal says of an account's use of a product.

    `last` is the newest use that it shows, `sure` whether that was certainly one; `until` is up to when it knows. One
    that `bounds` proves that nothing came after `last`, up to `until`; the lack of any other proves nothing.
    """

    signal: str
    last: Instant | None
    sure: bool
    until: Instant | None = None
    bounds: bool = False
    reported: Reported | None = None


class RenewingSubscription(NamedTuple):
    """A commercial subscription with the day on which it renews or ends; one that is not in force only ends."""

    sku: Sku
    total: int
    trial: bool
    when: Instant
    in_force: bool = True
    id: str = ""  # the vendor's; a SKU may have several


def newest(signals: Iterable[Sighting], *, sure: bool | None = None) -> Instant | None:
    """The newest use of all, or of those that are sure, or of those that are only possible."""
    uses = [found.last for found in signals if found.last is not None and (sure is None or found.sure is sure)]
    return max(uses, default=None)


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
    seats: tuple[Seat, ...]
    active: Instant | None
    active_source: str
    signals: tuple[Sighting, ...]
    evidence: Evidence
    observed_since: Instant | None
    location: str = ""
    facts: Facts = NOTHING

    def last_by(self, signal: str) -> Instant | None:
        """The newest use that a signal shows."""
        return next((found.last for found in self.signals if found.signal == signal), None)

    @property
    def last_login(self) -> Instant | None:
        """The newest sign-in to the product itself."""
        return self.last_by(SIGN_INS)

    @property
    def last_possible(self) -> Instant | None:
        """The newest sign-in to an application that the product shares with others."""
        return self.last_by(SHARED_SIGN_INS)

    @property
    def last_use(self) -> Instant | None:
        """The newest use of the product itself that anything shows."""
        return newest(self.signals, sure=True)

    @property
    def last_maybe(self) -> Instant | None:
        """The newest activity that may have been a use."""
        return newest(self.signals, sure=False)

    @property
    def bound(self) -> Sighting | None:
        """What proves that there was no later use."""
        return next((found for found in self.signals if found.bounds), None)

    @property
    def reported(self) -> Reported | None:
        """What the vendor's own report counted, if one was uploaded."""
        return next((found.reported for found in self.signals if found.reported), None)

    @property
    def newest_use(self) -> Instant | None:
        """The newest of them all, sure or possible."""
        return newest(self.signals)

    @property
    def plans(self) -> str:
        return "; ".join(seat.sku.title for seat in self.seats)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What was bought of a SKU and what of it is assigned."""

    sku: Sku
    status: str
    enabled: int
    warning: int
    suspended: int
    consumed: int
    trial: int = 0  # units of a trial or free ones, of those that give access
    terms: int = 0  # seats by the commercial subscriptions that are in force, if anybody says

    @property
    def bought(self) -> int:
        """Units that give access: in force, or in the grace period."""
        return self.enabled + self.warning

    @property
    def paid(self) -> int:
        """Those of them that somebody pays for."""
        return max(0, self.bought - self.trial)


class DeletedHolder(NamedTuple):
    """Somebody whose account was deleted while it held a seat; `when` is the run that first showed it."""

    account: Key
    user_id: str
    sku: Sku
    when: Instant


class FailedAssignment(NamedTuple):
    """A SKU that the vendor could not give to an account, which so holds no seat of it."""

    account: Key
    user_id: str
    sku: Sku
    error: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of an application at one moment; insights are pure functions of it."""

    now: Instant
    threshold: Instant
    grace: Instant
    observed: Span | None  # the newest stretch for which sign-ins are complete, if any show the product's use
    holders: Sequence[Holder]
    apart: Sequence[Holder]  # who has the product inside another product's licence
    purchases: Sequence[Subscription]
    gone: Sequence[DeletedHolder] = ()  # newest first
    given: Mapping[Key, int] = field(default_factory=dict)  # accounts that have a SKU of `gone`, as a seat or not
    renewals: Sequence[RenewingSubscription] = ()
    failed: Sequence[FailedAssignment] = ()
    bounded: Instant | None = None  # until when last sign-ins of accounts are known, for a product without its own
    silent: Span | None = None  # the newest stretch for which sign-ins without a prompt are complete, too
    reported: Instant | None = None  # up to when the vendor's own report of the product's use knows, if one is read

    @property
    def as_of(self) -> Instant:
        """The moment for which we may speak: where proof ends, not now, because nothing is known of what came after."""
        if self.observed:
            return self.observed.end
        return self.now if self.bounded is None else self.bounded


class Finding(NamedTuple):
    """What an insight says, with what it stands on.

    `skus` are the SKUs whose seats it is about: one seat of each for a person, `units` of one for a purchase.
    `part` is the vendor's id of the part of a purchase that it is about, where that is not the whole.
    """

    key: str  # which insight says it: Insight.find writes it
    user_id: str
    plan: str
    evidence: str
    observed_since: Instant | None
    last_login: Instant | None
    advice: str
    account: Key | None = None
    skus: tuple[Sku, ...] = ()
    units: int = 1
    part: str = ""
    certainty: Certainty = Certainty.CERTAIN

    @property
    def part_numbers(self) -> tuple[str, ...]:
        return tuple(sku.part_number for sku in self.skus)


class Ending(NamedTuple):
    """Whether a finding that is not found any more is over, and why, or why it cannot be said at present."""

    over: bool
    why: str = ""


End = Callable[[Holder, Snapshot, Instant | None], Ending]


def not_found(_holder: Holder, _snapshot: Snapshot, _use: Instant | None) -> Ending:
    """Of what a reading shows either way: whatever it does not show is over."""
    return Ending(over=True)


class About(enum.Enum):
    """What the findings of an insight are about, which decides when two readings show the same finding."""

    PERSON = enum.auto()  # and all the seats: another SKU makes no other finding
    SEAT = enum.auto()
    PURCHASE = enum.auto()


@dataclass(frozen=True, slots=True)
class Insight:
    """A question with the pure function that answers it, and all that others need to know of its findings.

    `place` is the order in which findings are shown. Where two would free the same seat, the one in the earlier place
    is the surer and is named as the reason. `end` says what became of its finding about somebody who still holds the
    seat and of whom it is not found any more; its third argument is the newest use that was known when it was found.
    """

    key: str
    question: str
    look: Callable[[Snapshot], Iterable[Finding]]
    place: int
    end: End = not_found
    about: About = About.PERSON
    of_use: bool = False  # says that nobody uses the seat: ends when somebody does
    frees: bool = False  # following its advice gives back the seats that it is about
    despite_use: bool = False  # and does so even while their holder is seen to use the product
    may_be_needless: bool = False  # asks whether the seats that it is about are needed at all
    would_do: Callable[[Sku, Sku], bool] | None = None  # whether in the place of the first SKU, the second would do

    def find(self, snapshot: Snapshot) -> Iterator[Finding]:
        """The findings, each with the insight's key."""
        return (finding._replace(key=self.key) for finding in self.look(snapshot))
