"""Counts of sign-ins by day, kept beside the sign-ins: pages ask what happened on a day, not what happened at all.

Whoever changes sign-ins marks their days in the same transaction; whoever counts a day takes its mark away. A kill
between the two leaves the mark, and the day is counted again from the sign-ins themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from django.db import transaction

from seatkeeper.clock import days
from seatkeeper.failpoints import reach
from seatkeeper.model import Instant
from seatkeeper.store import raw

TABLE: Final = "store_useday"
PRODUCTS: Final = "store_productday"
NEWEST: Final = "store_newestuse"
MARKS: Final = "store_uncountedday"
DAY: Final = days(1)


def mark_days(connection_id: int, moments: Iterable[Instant]) -> None:
    """Note that sign-ins of these moments were saved or deleted.

    A mark that is there is locked all the same: who is counting its day has to wait, or we for him.
    """
    rows = [(connection_id, day) for day in sorted({moment // DAY for moment in moments})]
    raw.run_many(
        f"INSERT INTO {MARKS} (connection_id, day) VALUES (?, ?) "
        "ON CONFLICT (connection_id, day) DO UPDATE SET day = excluded.day",
        rows,
    )


class Watched(NamedTuple):
    """A product with the GUIDs of the applications that are it, and of those that several products share."""

    product: str
    direct: Sequence[str]
    shared: Sequence[str]


def count_days(connection_id: int, products: Sequence[Watched]) -> None:
    """Count each marked day anew, a transaction each so that nobody waits for long; the newest first."""
    for (day,) in raw.fetch(f"SELECT day FROM {MARKS} WHERE connection_id = ? ORDER BY day DESC", [connection_id]):
        with transaction.atomic():
            # The mark goes first: what is written from now on waits for us and marks the day again.
            marked = raw.run(f"DELETE FROM {MARKS} WHERE connection_id = ? AND day = ?", [connection_id, day])
            if marked and not _is_pruned(connection_id, day):
                _count_day(connection_id, day)
                _sum_up(connection_id, day, products)
            reach("FP:before-day-counted")


def _is_pruned(connection_id: int, day: int) -> bool:
    """Whether the day's count is all that is left of it (store/pruning.py): it is never made anew from less."""
    sql = "SELECT 1 FROM store_connection WHERE id = ? AND pruned_until > ?"
    return bool(raw.fetch(sql, [connection_id, day * DAY]))


def _count_day(connection_id: int, day: int) -> None:
    counted_before = raw.run(f"DELETE FROM {TABLE} WHERE connection_id = ? AND day = ?", [connection_id, day])
    raw.run(
        f"""INSERT INTO {TABLE} (connection_id, day, account, app_id, sign_ins, oldest, newest)
            SELECT ?, ?, account, app_id, count(*), min(created), max(created) FROM store_signin
            WHERE connection_id = ? AND created >= ? AND created < ? AND error_code = 0 GROUP BY account, app_id""",
        [connection_id, day, connection_id, day * DAY, (day + 1) * DAY],
    )
    # Several processes may count: rows in one order, so that none waits for another that waits for it.
    raw.run(
        f"""INSERT INTO {NEWEST} (connection_id, account, app_id, newest)
            SELECT connection_id, account, app_id, newest FROM {TABLE} WHERE connection_id = ? AND day = ?
            ORDER BY account, app_id
            ON CONFLICT (connection_id, account, app_id) DO UPDATE SET newest = excluded.newest
            WHERE excluded.newest > {NEWEST}.newest""",
        [connection_id, day],
    )
    if counted_before:
        _take_back(connection_id, day)


def _take_back(connection_id: int, day: int) -> None:
    """The newest use of whoever's was on this day and is no more: the vendor can give a sign-in another time or result.

    What another process has set meanwhile is newer, and stays.
    """
    stale = raw.fetch(
        f"""SELECT n.account, n.app_id, n.newest FROM {NEWEST} n
            WHERE n.connection_id = ? AND n.newest >= ? AND n.newest < ? AND NOT EXISTS
                  (SELECT 1 FROM {TABLE} u WHERE u.connection_id = n.connection_id AND u.day = ?
                   AND u.account = n.account AND u.app_id = n.app_id AND u.newest = n.newest)
            ORDER BY n.account, n.app_id""",
        [connection_id, day * DAY, (day + 1) * DAY, day],
    )
    mine = "connection_id = ? AND account = ? AND app_id = ?"
    for account, app, newest in stale:
        key = [connection_id, account, app]
        raw.run(f"DELETE FROM {NEWEST} WHERE {mine} AND newest = ?", [*key, newest])
        raw.run(
            f"""INSERT INTO {NEWEST} (connection_id, account, app_id, newest)
                SELECT connection_id, account, app_id, max(newest) FROM {TABLE}
                WHERE {mine} AND day IN (SELECT DISTINCT day FROM {PRODUCTS} WHERE connection_id = ?)
                GROUP BY connection_id, account, app_id ON CONFLICT DO NOTHING""",
            [*key, connection_id],
        )


def _sum_up(connection_id: int, day: int, products: Sequence[Watched]) -> None:
    raw.run(f"DELETE FROM {PRODUCTS} WHERE connection_id = ? AND day = ?", [connection_id, day])
    sums = f"""SELECT coalesce(sum(u.sign_ins), 0), count(DISTINCT u.account)
               FROM {TABLE} u JOIN store_signinapp p ON p.id = u.app_id WHERE u.connection_id = ? AND u.day = ?"""
    rows = []
    for watched in products:
        found = []
        for apps in (watched.direct, watched.shared):
            is_one_of, guids = raw.matching("p.guid", apps)
            found += raw.fetch(f"{sums} AND {is_one_of}", [connection_id, day, *guids])
        (sign_ins, people), (possible, _) = found
        rows.append((connection_id, watched.product, day, int(sign_ins), people, int(possible)))
    raw.insert(PRODUCTS, ("connection_id", "product", "day", "sign_ins", "people", "possible"), rows)
