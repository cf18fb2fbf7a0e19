"""Why findings end: the seat is gone, or a reading shows the contrary. Seats that are given back are what was saved.

A seat is given back when its account has the SKU no more. Who merely lost access, and who was deleted while the seat
still counts, has given nothing back; who gets the seat again, or another one instead, has saved nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from django.db.models import Q

from seatkeeper.amounts import Money
from seatkeeper.insights.base import About, Ending, Holder, Snapshot
from seatkeeper.insights.catalog import BY_KEY, INSIGHTS, end_of
from seatkeeper.insights.money import Price, PriceList
from seatkeeper.model import Instant, to_id, to_key
from seatkeeper.reporting.price_list import to_day_number
from seatkeeper.reporting.skus import list_assigned, name_skus
from seatkeeper.store.bulk.reporting import UNPROVEN, FindingRow
from seatkeeper.store.models import Application, Finding, Saving, SeatHolder

GONE: Final = Ending(over=True, why="seat gone")
NO_ACCESS: Final = Ending(over=False, why="the seat gives no access at present, and is still assigned")
FREEING: Final = [insight.key for insight in INSIGHTS if insight.frees and insight.about is not About.PURCHASE]


class SpokenOf(NamedTuple):
    """An open or accepted finding that would free seats: of its part numbers, or without any all of the person's."""

    key: str
    user_id: str
    part_numbers: frozenset[str]
    frees: frozenset[str]  # ids of SKUs


class Endings:
    """What became of the seats that findings spoke of. To be made before the roster that is shown is replaced."""

    def __init__(self, application: Application, snapshot: Snapshot, findings: Sequence[FindingRow]) -> None:
        self._application, self._snapshot = application, snapshot
        self._names = name_skus(application)
        self._holders = {holder.account: holder for holder in snapshot.holders}
        meant = "open", "accepted"
        living = Finding.objects.filter(
            Q(state__in=meant) | Q(state=UNPROVEN, returns_to__in=meant),
            application=application, resolved=None, key__in=FREEING,
        )  # fmt: skip
        self._spoken_of: dict[str, list[SpokenOf]] = defaultdict(list)
        told = living.values_list("object_id", "key", "user_id", "subject", "frees")
        for object_id, key, user_id, subject, frees in told.iterator(2000):
            one = SpokenOf(key, user_id, frozenset(subject.split()[1:]), frozenset(frees.split()))
            self._spoken_of[object_id].append(one)
        saved = list(Saving.objects.filter(application=application).order_by("-day", "-pk"))
        # The SKUs that people had by the roster before; of somebody who was not on it, those that findings would free.
        self._before = {one: set[str]().union(*(each.frees for each in all_)) for one, all_ in self._spoken_of.items()}
        people = {*self._spoken_of, *(saving.object_id for saving in saved)}
        rows = SeatHolder.objects.filter(application=application).values_list("object_id", "skus")
        self._before |= {object_id: set(skus.split()) for object_id, skus in rows.iterator(2000) if object_id in people}
        lost = [object_id for object_id, had in self._before.items() if had - self._held(object_id)]
        self._assigned = list_assigned(application, lost)
        # Somebody who was deleted, and whose seat the vendor still counts.
        named = {row.object_id for row in findings if row.key in FREEING}
        self._counted = {object_id for object_id in named if self._holder(object_id) is None}
        self.given_back = list(self._list_given_back())
        self.returned = list(self._list_returned(saved))
        self._gone = {saving.object_id for saving in self.given_back}

    def end_of(self, key: str, subject: str, use: Instant | None) -> Ending:
        """What became of a finding that the reading does not show any more; `use` is the newest it knew of."""
        object_id = subject.partition(" ")[0]
        holder = self._holder(object_id)
        if key in FREEING and (holder is None or object_id in self._gone):
            return NO_ACCESS if holder is None and self._assigned.get(object_id) else GONE
        return Ending(over=True) if holder is None else end_of(key)(holder, self._snapshot, use)

    def _holder(self, object_id: str) -> Holder | None:
        return self._holders.get(to_key(object_id)) if object_id else None

    def _held(self, object_id: str) -> set[str]:
        holder = self._holder(object_id)
        return {to_id(seat.sku.key) for seat in holder.seats} if holder else set()

    def _list_given_back(self) -> Iterator[Saving]:
        """Each seat once. Whoever got another one instead saved nothing that we could count."""
        unpaid = {to_id(purchase.sku.key) for purchase in self._snapshot.purchases if not purchase.paid}
        for object_id, spoken_of in self._spoken_of.items():
            had, now = self._before[object_id], self._held(object_id)
            if now - had or object_id in self._counted:
                continue
            for sku in sorted(had - now - self._assigned.get(object_id, set()) - unpaid):
                part_number = self._names.get(sku, (sku, ""))[0]
                about = [one for one in spoken_of if not one.part_numbers or part_number in one.part_numbers]
                if about:
                    surest = min(about, key=lambda one: BY_KEY[one.key].place)
                    yield Saving(
                        application=self._application,
                        day=to_day_number(self._snapshot.now),
                        object_id=object_id,
                        user_id=surest.user_id,
                        part_number=part_number,
                        sku=sku,
                        finding=surest.key,
                    )

    def _list_returned(self, saved: Iterable[Saving]) -> Iterator[int]:
        """Of what was saved, the seats that are back, and as many as people got more of since the roster before."""
        gained = Counter({one: len(self._held(one)) - len(had) for one, had in self._before.items()})
        for saving in saved:
            held = self._held(saving.object_id)
            names = {self._names.get(sku, (sku, ""))[0] for sku in held}
            is_back = saving.sku in held if saving.sku else saving.part_number in names
            if is_back or gained[saving.object_id] > 0:
                gained[saving.object_id] -= 1
                yield saving.pk


def saved_by_day(application_ids: Iterable[int], prices: Iterable[Price], since: int = 0) -> dict[int, Money]:
    """What the seats given back cost, by the day of it and at the price of that day.

    A seat that carries two products of a tenant is given back once.
    """
    mine = Saving.objects.filter(application__in=list(application_ids), day__gte=since)
    seats = mine.values_list("application__connection", "object_id", "part_number", "sku", "day").distinct()
    numbers = Counter((day, part_number, sku) for _connection, _who, part_number, sku, day in seats)
    known = list(prices)
    lists = {day: PriceList(known, day) for day in {day for day, _part_number, _sku in numbers}}
    found: dict[int, list[Money]] = defaultdict(list)
    for (day, part_number, sku), number in numbers.items():
        found[day].append(lists[day].of(part_number, sku).times(number))
    return {day: Money.total(parts) for day, parts in sorted(found.items())}
