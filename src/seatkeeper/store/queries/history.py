"""Who held a seat in a past generation, and what changed between two: counted and paged by the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from seatkeeper.model import Instant, Key, RunStatus
from seatkeeper.store import raw
from seatkeeper.store.models import Run, Subscription


class Roster(NamedTuple):
    """The seats of a product as of a generation."""

    connection_id: int
    product: str
    generation: int

    @property
    def values(self) -> tuple[int, str, int, int]:
        return self.connection_id, self.product, self.generation, self.generation


class Slice(NamedTuple):
    """A page: how many rows before it, and how many it has."""

    start: int
    size: int


class Change(NamedTuple):
    """An account whose seats differ: whether it had any before, and after."""

    account: Key
    before: bool
    after: bool


_HELD: Final = """FROM store_seat
    WHERE connection_id = ? AND product = ? AND since <= ? AND until > ? AND kind <> 'other-product'"""
_NAMED: Final = "a.connection_id = ? AND a.since <= ? AND a.until > ?"

# Of each account whether it held a seat before and after, when any seat was held only once of both times. Few have a
# version that began or ended in between: only those are looked at.
_CHANGED: Final = """
    SELECT account, MAX(before) AS before, MAX(after) AS after
    FROM (SELECT account, sku,
                 MAX(CASE WHEN since <= ? AND until > ? THEN 1 ELSE 0 END) AS before,
                 MAX(CASE WHEN since <= ? AND until > ? THEN 1 ELSE 0 END) AS after
          FROM store_seat
          WHERE connection_id = ? AND product = ? AND kind <> 'other-product' AND account IN (
              SELECT account FROM store_seat WHERE connection_id = ? AND product = ?
              AND (since > ? AND since <= ? OR until > ? AND until <= ?))
          GROUP BY account, sku) AS seats
    GROUP BY account HAVING MAX(CASE WHEN before <> after THEN 1 ELSE 0 END) = 1
"""


def count_holders(roster: Roster) -> int:
    return int(raw.fetch(f"SELECT COUNT(*) FROM (SELECT DISTINCT account {_HELD}) AS held", roster.values)[0][0])


def count_seats(roster: Roster) -> dict[Key, int]:
    """Of each SKU."""
    return dict(raw.fetch(f"SELECT sku, COUNT(*) {_HELD} GROUP BY sku", roster.values))


def page_of_holders(roster: Roster, part: Slice) -> list[Key]:
    """By the names that they had then."""
    sql = f"""
        SELECT held.account FROM (SELECT DISTINCT account {_HELD}) AS held
        LEFT JOIN store_account a ON a.key = held.account AND {_NAMED}
        ORDER BY {_by_name("a.upn")}, held.account LIMIT ? OFFSET ?
    """
    values = [*roster.values, roster.connection_id, roster.generation, roster.generation, part.size, part.start]
    return [account for (account,) in raw.fetch(sql, values)]


def count_changes(before: Roster, after: Roster) -> dict[tuple[bool, bool], int]:
    """By whether seats were held before, and after."""
    sql = f"SELECT before, after, COUNT(*) FROM ({_CHANGED}) AS changed GROUP BY before, after"
    return {(bool(was), bool(now)): count for was, now, count in raw.fetch(sql, _both(before, after))}


def page_of_changes(before: Roster, after: Roster, part: Slice | None = None) -> list[Change]:
    """Changed plans first, then who joined, then who left, each by the name that is shown; all without a part."""
    sql = f"""
        SELECT changed.account, before, after FROM ({_CHANGED}) AS changed
        LEFT JOIN store_account a ON a.key = changed.account AND a.connection_id = ?
             AND a.since <= CASE WHEN after = 1 THEN ? ELSE ? END AND a.until > CASE WHEN after = 1 THEN ? ELSE ? END
        ORDER BY CASE WHEN before = after THEN 0 WHEN after = 1 THEN 1 ELSE 2 END, {_by_name("a.upn")}, changed.account
    """
    generations = after.generation, before.generation
    values = [*_both(before, after), before.connection_id, *generations, *generations]
    if part is not None:
        sql, values = f"{sql} LIMIT ? OFFSET ?", [*values, part.size, part.start]
    rows = raw.fetch(sql, values)
    return [Change(account, bool(was), bool(now)) for account, was, now in rows]


def _both(before: Roster, after: Roster) -> Sequence[object]:
    product, between = before.values[:2], (before.generation, after.generation)
    return [*before.values[2:], *after.values[2:], *product, *product, *between, *between]


def _by_name(column: str) -> str:
    """Byte by byte on both engines, whoever has no name last."""
    bytewise = "" if raw.on_sqlite() else ' COLLATE "C"'
    return f"{column} IS NULL, lower({column}){bytewise}"


def list_generations(connection_id: int, task: str, begin: Instant, end: Instant) -> list[tuple[int, Instant]]:
    """The generations of a task that were read from a moment up to another, with when, oldest first."""
    runs = Run.objects.filter(
        task__connection_id=connection_id, task__key=task, status=RunStatus.COMPLETE, generation__gt=0
    )
    return list(
        runs.filter(started__gte=begin, started__lt=end)
        .order_by("generation", "id")
        .values_list("generation", "started")
    )


def list_versions(connection_id: int, first: int, last: int) -> list[Subscription]:
    """What was bought and assigned of each SKU in any generation from the first to the last, oldest first."""
    rows = Subscription.objects.filter(connection_id=connection_id, since__lte=last, until__gt=first)
    return list(rows.order_by("since", "pk"))
