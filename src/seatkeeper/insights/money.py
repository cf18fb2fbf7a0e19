"""What seats cost: bought, assigned, used, idle, could be saved, saved. There is no other definition.

Counted in seats, by SKU; a SKU's seats times the price of one are the money (`Money`, a year).

- **Bought**: units in force or in the grace period after their end, without those of a trial. A SKU of which nothing
  is bought so (a trial, a suspended subscription) costs nothing, and its seats are never idle.
- **Assigned**: what the vendor counts as given to somebody.
- **Used**: seats on the roster whose holder surely or possibly used the product within the threshold.
- **Idle**: seats that nobody uses or holds: those of holders who are inactive or never seen (a seat is not judged in
  its grace period), and those bought and given to nobody. Excepted ones are not idle, nor is a seat that another
  managed product is used with, too.
- **Could be saved**: the seats that following the open and accepted findings gives back, each once. It holds all that
  is idle, and what is freed for another reason: the holder is blocked, holds two plans, is a guest. A seat that is
  surely used is no saving, unless the use goes on without it (`Insight.despite_use`).
- **Saved**: seats that findings spoke of and a later roster showed no more (reporting/endings.py), until they return.

The parts of what is bought add up, in seats and in money:

    bought = used + idle + undecided + kept + elsewhere - beyond

Undecided are seats on the roster that are neither used nor idle. Kept are seats given to nobody that an exception
covers. Elsewhere are seats that are assigned, but to nobody on the roster (below zero when the roster is the newer
reading). Beyond are seats assigned beyond what is bought.

A company buys 10 seats for 30 EUR a month each; 8 are assigned. Ada used the product this week, Di perhaps, and so did
Flo, a guest. Bo never came. Cy is blocked and has not come for long. Gus got his seat yesterday; Eve is on leave, and
excepted. One seat is assigned to an account that switched it off. Two belong to nobody.

>>> seat = Money.of("EUR", Decimal(30), "month")
>>> sku = Sku(b"3" * 16, "PLAN_3", "Plan 3", 3)
>>> story = Position(sku, seat, bought=10, trial=0, assigned=8, used=3, unused=2, undecided=2, unassigned=2, kept=0,
...                  could_save=4)
>>> story.idle, story.elsewhere, story.beyond
(4, 1, 0)
>>> story.cost(story.bought).a_year, story.cost(story.idle).a_year, story.cost(story.could_save).a_month
('3,600.00 EUR', '1,440.00 EUR', '120.00 EUR')

Seven seats assigned where five are bought: three of them are idle, and two are beyond.

>>> over = story._replace(bought=5, assigned=7, used=4, unused=3, undecided=0, unassigned=0)
>>> over.idle, over.elsewhere, over.beyond, over.used + over.idle + over.elsewhere - over.beyond
(3, 0, 2, 5)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from seatkeeper.amounts import Money
from seatkeeper.insights.base import About, Finding, Insight, Sku, Snapshot, Subscription
from seatkeeper.insights.catalog import BY_KEY
from seatkeeper.insights.evidence import Activity, activity, is_settled
from seatkeeper.insights.exempt import ExceptionRules
from seatkeeper.model import Key, to_id


class Price(NamedTuple):
    """What one seat of a SKU costs from a day on; days are counted from 1970-01-01, `until` is the last one."""

    sku: str  # its part number or its id
    amount: Decimal
    currency: str
    period: str
    since: int
    until: int | None

    def holds_on(self, day: int) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class PriceList:
    """The prices that hold on one day, by part number or by the SKU's id: several SKUs may share a part number."""

    def __init__(self, prices: Iterable[Price], day: int) -> None:
        self._seats: dict[str, Money] = {}
        for price in sorted(prices, key=lambda price: price.since):
            if price.holds_on(day):  # the one that began last counts
                self._seats[price.sku] = Money.of(price.currency, price.amount, price.period)

    def of(self, part_number: str, sku_id: str = "") -> Money:
        """What one seat costs; nothing when no price is known, which is not the same as free."""
        return self._seats.get(sku_id, self._seats.get(part_number, Money()))


class SeatPrices:
    """What one seat of a SKU costs an application: the price of it, and 0 where nobody pays for the SKU."""

    def __init__(self, prices: PriceList, purchases: Iterable[Subscription]) -> None:
        self._prices = prices
        self._unpaid = {purchase.sku.key for purchase in purchases if not purchase.paid}

    def is_paid(self, sku: Sku) -> bool:
        return sku.key not in self._unpaid

    def of(self, sku: Sku) -> Money:
        price = self._prices.of(sku.part_number, to_id(sku.key))
        return price if self.is_paid(sku) else price.times(0)


class Position(NamedTuple):
    """The seats of a SKU, each in one part, and what one of them costs."""

    sku: Sku
    price: Money
    bought: int
    trial: int  # units that a trial gives; in no other part
    assigned: int
    used: int
    unused: int  # idle, and somebody's
    undecided: int
    unassigned: int  # idle, and nobody's
    kept: int
    could_save: int

    @property
    def idle(self) -> int:
        return self.unused + self.unassigned

    @property
    def elsewhere(self) -> int:
        return self.assigned - self.used - self.unused - self.undecided

    @property
    def beyond(self) -> int:
        return max(0, self.assigned - self.bought)

    def cost(self, seats: int) -> Money:
        return self.price.times(seats)


class Freed(NamedTuple):
    """What following a finding gives back: seats of these SKUs that no surer finding gives back already.

    `perhaps` is what one that gives back none could save all the same; it is in no total.
    """

    skus: tuple[Sku, ...]
    seats: int
    money: Money
    perhaps: Money = Money()


@dataclass(frozen=True, slots=True)
class Balance:
    """An application's positions, by title, and what each finding gives back, in the order of the findings.

    Seats are account and SKU: those that are idle, and those that an exception alone keeps from being given back.
    """

    positions: Sequence[Position]
    freed: Sequence[Freed]
    idle_seats: AbstractSet[tuple[Key | None, Key]]
    excepted_seats: AbstractSet[tuple[Key | None, Key]]

    def total(self, part: str) -> Money:
        """What a part costs: bought, used, idle, could_save and others."""
        return Money.total(position.cost(getattr(position, part)) for position in self.positions)

    def seats(self, part: str) -> int:
        return sum(getattr(position, part) for position in self.positions)

    @property
    def missing_prices(self) -> list[str]:
        """Part numbers of the SKUs with seats whose price nobody knows."""
        unknown = (p.sku.part_number for p in self.positions if not p.price and (p.bought or p.assigned))
        return sorted(set(unknown))


def reckon(
    snapshot: Snapshot,
    findings: Sequence[Finding],
    exceptions: ExceptionRules,
    prices: PriceList,
    skus_for_sale: Sequence[Sku] = (),
) -> Balance:
    """The money of a snapshot and of what was found in it; those `skus_for_sale` could take the place of others."""
    seat_prices = SeatPrices(prices, snapshot.purchases)
    departments = {holder.account: holder.department for holder in snapshot.holders}
    kinds = [activity(holder, snapshot) for holder in snapshot.holders]
    # Whose seat is surely in use, or so new that nobody can say.
    spared = {
        holder.account
        for holder, kind in zip(snapshot.holders, kinds, strict=True)
        if kind is Activity.ACTIVE or not is_settled(holder, snapshot)
    }
    could_spare = cache(lambda key, skus: _could_spare(BY_KEY[key], skus, skus_for_sale, seat_prices))
    freed, taken = [Freed((), 0, Money())] * len(findings), set[tuple[Key | None, Key]]()
    idle, excepted = set[tuple[Key | None, Key]](), set[tuple[Key | None, Key]]()
    unassigned, could_save = Counter[Key](), Counter[Key]()
    for number in sorted(range(len(findings)), key=lambda number: BY_KEY[findings[number].key].place):
        finding, insight = findings[number], BY_KEY[findings[number].key]
        department = departments.get(finding.account or b"", "")
        if not insight.frees:
            if not exceptions.cover(finding, department):
                freed[number] = Freed((), 0, Money(), could_spare(finding.key, finding.skus))
            continue
        skus = [sku for sku in finding.skus if seat_prices.is_paid(sku) and not sku.shared]
        kept = [sku for sku in skus if exceptions.cover_seat(finding, department, sku.part_number)]
        skus = [sku for sku in skus if sku not in kept]
        excepted.update((finding.account, sku.key) for sku in kept)
        if insight.about is About.PURCHASE:
            unassigned.update({sku.key: finding.units for sku in skus})
        elif insight.of_use:
            idle.update((finding.account, sku.key) for sku in skus)
        if finding.account in spared and not insight.despite_use:
            continue
        skus = [sku for sku in skus if (finding.account, sku.key) not in taken]
        taken.update((finding.account, sku.key) for sku in skus)
        could_save.update({sku.key: finding.units for sku in skus})
        money = Money.total(seat_prices.of(sku) for sku in skus).times(finding.units)
        freed[number] = Freed(tuple(skus), len(skus) * finding.units, money)
    counts = _Counts(kinds, idle, unassigned, could_save)
    return Balance(_to_positions(snapshot, seat_prices, counts), freed, idle, excepted - taken)


def _could_spare(insight: Insight, held: Sequence[Sku], for_sale: Iterable[Sku], prices: SeatPrices) -> Money:
    """What the seats cost more than what would do, be that nothing; of several SKUs, the dearest.

    Nothing is claimed where a price is missing, and of a seat that another managed product is used with, too.
    """
    seats = [sku for sku in held if not sku.shared]
    cost = Money.total(map(prices.of, seats))
    if insight.may_be_needless:
        return cost
    if insight.would_do is None or not seats:
        return Money()
    others = [prices.of(sku) for sku in for_sale if insight.would_do(seats[0], sku)]
    spared = [
        Money(((currency, amount - less),))
        for currency, amount in cost.amounts
        for other in others
        for other_currency, less in other.amounts
        if currency == other_currency and less < amount
    ]
    return min(spared, key=lambda money: money.amounts[0][1], default=Money())


class _Counts(NamedTuple):
    kinds: Sequence[Activity]  # of the holders, one by one
    idle: AbstractSet[tuple[Key | None, Key]]
    unassigned: Counter[Key]
    could_save: Counter[Key]


def _to_positions(snapshot: Snapshot, seat_prices: SeatPrices, counts: _Counts) -> list[Position]:
    """A SKU whose purchase nobody has read counts as bought once for each seat that is on the roster."""
    purchases = {purchase.sku.key: purchase for purchase in snapshot.purchases}
    skus = {key: purchase.sku for key, purchase in purchases.items()}
    on_roster, used, unused = Counter[Key](), Counter[Key](), Counter(key for _account, key in counts.idle)
    for holder, kind in zip(snapshot.holders, counts.kinds, strict=True):
        is_used = kind in (Activity.ACTIVE, Activity.POSSIBLY_ACTIVE)
        for seat in holder.seats:
            skus.setdefault(seat.sku.key, seat.sku)
            on_roster[seat.sku.key] += 1
            used[seat.sku.key] += is_used
    positions = []
    for key, sku in skus.items():
        purchase = purchases.get(key)
        bought, trial, assigned = (
            (purchase.paid, purchase.trial, purchase.consumed) if purchase else (on_roster[key], 0, on_roster[key])
        )
        positions.append(
            Position(
                sku,
                seat_prices.of(sku),
                bought=bought,
                trial=trial,
                assigned=assigned,
                used=used[key],
                unused=unused[key],
                undecided=on_roster[key] - used[key] - unused[key],
                unassigned=counts.unassigned[key],
                kept=max(0, bought - assigned) - counts.unassigned[key],
                could_save=counts.could_save[key],
            )
        )
    return sorted(positions, key=lambda position: (position.sku.title, position.sku.key))
