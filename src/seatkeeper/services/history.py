"""Any past day: the roster as it was, what changed between two days, and the licence position for a true-up.

Nothing is kept for it apart: versions of rows hold from one generation to another, and runs say when a generation was
published. A day shows what was published by its end, in UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from seatkeeper.clock import days, seconds
from seatkeeper.errors import BadInput
from seatkeeper.model import Instant, Key, SeatKind, to_id
from seatkeeper.reporting.seats import Skus, active_date, is_blocked, to_seats
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import Application
from seatkeeper.store.queries import history
from seatkeeper.store.queries import roster as rosters
from seatkeeper.store.queries.history import Slice
from seatkeeper.sync.vendors import find_product, find_vendor_of
from seatkeeper.tabular.tables import Cell, Table

__all__ = ["Slice"]

DAY: Final = days(1)
ROSTER_COLUMNS: Final = (
    "User ID", "Email", "First Name", "Last Name", "Active Date",
    "Blocked", "Guest", "Department", "Plans", "Object ID",
)  # fmt: skip
CHANGE_COLUMNS: Final = ("Change", "User ID", "Email", "Plans Before", "Plans After", "Object ID")
CHANGES: Final = {(True, True): "changed plan", (False, True): "joined", (True, False): "left"}
POSITION_COLUMNS: Final = ("Date", "SKU", "Plan", "Bought", "Assigned", "On Roster")


@dataclass(frozen=True, slots=True)
class Day:
    """A day with the generations that were published by its end; 0 is none yet."""

    date: str
    roster: int
    licenses: int
    read: Instant | None  # when the roster that it shows was read


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who came, who went and whose plans changed from one day to another."""

    before: Day
    after: Day
    changes: Table
    counts: Mapping[str, int]


def to_day(text: str) -> date:
    """A day such as 2026-08-01. Raises BadInput."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("day", f"{text[:40]!r} is not a day such as 2026-08-01.") from error


def first_day(who: Who, which: Which) -> date | None:
    """The first day that can be shown: that of the first complete roster."""
    who.require(May.SEE)
    first = rosters.first_complete_run(find_application(who, which).connection_id, "roster")
    return None if first is None else datetime.fromtimestamp(first // seconds(1), UTC).date()


def _find_day(application: Application, day: date) -> Day:
    """What was published by the end of the day. Raises BadInput when nothing was yet."""
    end = (day.toordinal() - date(1970, 1, 1).toordinal() + 1) * DAY
    published, read = rosters.generation_at(application.connection_id, "roster", end)
    if not published:
        first = rosters.first_complete_run(application.connection_id, "roster")
        begins = "" if first is None else f" It begins on {datetime.fromtimestamp(first // seconds(1), UTC).date()}."
        raise BadInput("day", f"our record does not reach back to {day}.{begins}")
    licenses, _read = rosters.generation_at(application.connection_id, "licenses", end)
    return Day(day.isoformat(), published, licenses, read)


def roster_on(who: Who, which: Which, day: date) -> Table:
    """Who held a seat of the product on a past day, and what was known of them then."""
    who.require(May.SEE)
    application = find_application(who, which)
    people = _people(application, _find_day(application, day))
    return _to_roster(sorted(people.values(), key=lambda person: (person.user_id.casefold(), person.row.account)))


def roster_page(who: Who, which: Which, day: date, part: Slice) -> tuple[Table, int]:
    """Some of the same people, and how many there are in all."""
    who.require(May.SEE)
    application = find_application(who, which)
    shown = _find_day(application, day)
    roster = _roster(application, shown)
    keys = history.page_of_holders(roster, part)
    people = _people(application, shown, keys)
    return _to_roster([people[key] for key in keys]), history.count_holders(roster)


def _to_roster(people: Iterable[_Person]) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            p.user_id, p.row.mail or "", p.row.given_name or "", p.row.surname or "", p.active,
            is_blocked(p.row), p.guest, p.row.department or "", p.plans, to_id(p.row.account),
        )
        for p in people
    ]  # fmt: skip
    return Table(ROSTER_COLUMNS, rows, frozenset({"Active Date"}))


def compare(who: Who, which: Which, first: date, second: date, part: Slice | None = None) -> Comparison:
    """What changed on the roster from the end of one day to the end of another; all of it, or a part."""
    who.require(May.SEE)
    application = find_application(who, which)
    if first > second:
        raise BadInput("day", f"{first} is after {second}: give the earlier day first.")
    days_of = _find_day(application, first), _find_day(application, second)
    rosters = [_roster(application, day) for day in days_of]
    changes = history.page_of_changes(rosters[0], rosters[1], part)
    before, after = (_people(application, day, [change.account for change in changes]) for day in days_of)
    rows: list[Sequence[Cell]] = []
    for change in changes:
        old, new = before.get(change.account), after.get(change.account)
        if (shown := new or old) is not None:
            plans = old.plans if old else "", new.plans if new else ""
            kind = CHANGES[change.before, change.after]
            rows.append((kind, shown.user_id, shown.row.mail or "", *plans, to_id(change.account)))
    counts = {CHANGES[kind]: count for kind, count in history.count_changes(rosters[0], rosters[1]).items()}
    return Comparison(*days_of, Table(CHANGE_COLUMNS, rows), counts)


def position(who: Who, which: Which, day: date) -> Table:
    """The licence position of a day: bought, assigned as the vendor counts, and on our roster, for each SKU."""
    who.require(May.SEE)
    application = find_application(who, which)
    shown = _find_day(application, day)
    held = history.count_seats(_roster(application, shown))
    skus = _skus(application, shown)
    owned = {bytes(s.sku): s for s in rosters.list_subscriptions(application.connection_id, shown.licenses)}
    keys = {key for key in owned if skus.is_seat(key)} | held.keys()
    rows: list[Sequence[Cell]] = []
    for key in sorted(keys, key=lambda key: skus.of(key).part_number):
        bought = owned[key].enabled + owned[key].warning if key in owned else None
        sku = skus.of(key)
        rows.append(
            (
                shown.date,
                sku.part_number,
                sku.title,
                bought,
                owned[key].consumed if key in owned else None,
                held.get(key, 0),
            )
        )
    return Table(POSITION_COLUMNS, rows)


@dataclass(frozen=True, slots=True)
class _Person:
    row: rosters.SeatRow
    plans: str
    active: Instant | None
    guest: bool

    @property
    def user_id(self) -> str:
        return self.row.upn or to_id(self.row.account)


def _skus(application: Application, day: Day) -> Skus:
    owned = rosters.list_subscriptions(application.connection_id, day.licenses)
    return Skus(find_product(application.product), owned)


def _roster(application: Application, day: Day) -> history.Roster:
    return history.Roster(application.connection_id, application.product, day.roster)


def _people(application: Application, day: Day, keys: Sequence[Key] | None = None) -> Mapping[Key, _Person]:
    """The holders of a day, or some of them, each with all the seats."""
    skus, roster = _skus(application, day), _roster(application, day)
    found = rosters.stream_seats(*roster) if keys is None else rosters.seats_of(*roster, keys)
    seats: dict[Key, list[rosters.SeatRow]] = defaultdict(list)
    for row in found:
        if row.kind != SeatKind.OTHER_PRODUCT:
            seats[row.account].append(row)
    is_guest, people = find_vendor_of(application.product).is_guest, {}
    for account, rows in seats.items():
        held, row = to_seats(rows, skus), rows[0]
        titles, guest = "; ".join(seat.sku.title for seat in held), is_guest(row.user_type, row.upn)
        people[account] = _Person(row, titles, active_date(held)[0], guest)
    return people
