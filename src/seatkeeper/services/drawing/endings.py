"""Why findings end: the seat is gone, or it is used again. Seats that are gone are kept: they are what was saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import Count

from seatkeeper.insights.base import Picture
from seatkeeper.insights.evidence import Activity, activity
from seatkeeper.insights.money import Money, Price, PriceList
from seatkeeper.insights.savings import OF_HOLDERS
from seatkeeper.model import to_id
from seatkeeper.services.price_list import to_day_number
from seatkeeper.services.skus import name_skus
from seatkeeper.store.models import Application, Finding, Holding, Saving

GONE, USED, UNCERTAIN = "seat gone", "used again", "cannot be said any more"
ABOUT_USE: Final = ("unused", "never-seen")


class Endings:
    """What became of the seats that findings spoke of. To be made before the roster that is shown is replaced."""

    def __init__(self, application: Application, picture: Picture) -> None:
        self._application, self._picture = application, picture
        self._holders = {to_id(holder.account): holder for holder in picture.holders}
        self.given_back = list(self._list_given_back())
        self._gone = {saving.object_id for saving in self.given_back}

    def why(self, key: str, subject: str) -> str:
        """Why the finding is resolved, as far as the reading says."""
        object_id = subject.partition(" ")[0]
        holder = self._holders.get(object_id)
        if key in OF_HOLDERS and (holder is None or object_id in self._gone):
            return GONE
        if holder is None or key not in ABOUT_USE:
            return ""
        seen = activity(holder, self._picture) in (Activity.ACTIVE, Activity.POSSIBLY_ACTIVE)
        return USED if seen else UNCERTAIN

    def _list_given_back(self) -> Iterator[Saving]:
        """Each seat once. Whoever got another one instead saved nothing that we could count."""
        spoken_of = self._list_spoken_of()
        names = name_skus(self._application)
        before = Holding.objects.filter(application=self._application).values_list("object_id", "user_id", "skus")
        for object_id, user_id, skus in before.iterator(2000):
            if object_id not in spoken_of:
                continue
            holder = self._holders.get(object_id)
            now, had = {to_id(seat.plan.sku) for seat in holder.seats} if holder else set(), set(skus.split())
            if now - had:
                continue
            for part_number in sorted(names.get(sku, (sku, ""))[0] for sku in had - now):
                about = [key for key, only in spoken_of[object_id] if not only or part_number in only]
                if about:
                    key = min(about, key=OF_HOLDERS.index)
                    yield self._to_saving(object_id, user_id, part_number, key)

    def _list_spoken_of(self) -> dict[str, list[tuple[str, set[str]]]]:
        """The living findings of each person: key, and part numbers when it is not about all of the seats."""
        living = Finding.objects.filter(
            application=self._application, resolved=None, key__in=OF_HOLDERS, state__in=("open", "accepted")
        )
        found: dict[str, list[tuple[str, set[str]]]] = {}
        for object_id, key, subject in living.values_list("object_id", "key", "subject").iterator(2000):
            found.setdefault(object_id, []).append((key, set(subject.split()[1:])))
        return found

    def _to_saving(self, object_id: str, user_id: str, part_number: str, key: str) -> Saving:
        return Saving(
            application=self._application,
            day=to_day_number(self._picture.now),
            object_id=object_id,
            user_id=user_id,
            part_number=part_number,
            finding=key,
        )


def saved_a_month(application_ids: Iterable[int], prices: Iterable[Price], since: int = 0) -> dict[int, Money]:
    """What the seats given back cost a month, by the day of it and at the price of that day."""
    rows = Saving.objects.filter(application__in=list(application_ids), day__gte=since)
    known, lists, found = list(prices), {}, dict[int, list[Money]]()
    for day, part_number, number in rows.values_list("day", "part_number").annotate(number=Count("pk")):
        if day not in lists:
            lists[day] = PriceList(known, day)
        found.setdefault(day, []).append(lists[day].a_month(part_number).times(number))
    return {day: Money.total(parts) for day, parts in sorted(found.items())}
