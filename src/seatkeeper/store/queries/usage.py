"""Who used what and when, from the counts by day: the same answers as from the sign-ins, without reading them all.

True as long as no day waits to be counted (bulk.count_days).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seatkeeper.model import Instant, Key, RunStatus
from seatkeeper.store import raw
from seatkeeper.store.queries.roster import UseRow

_HOLDS = """EXISTS (SELECT 1 FROM store_seat s
                    WHERE s.connection_id = u.connection_id AND s.account = u.account AND s.product = ?
                      AND s.kind <> 'other-product' AND s.since <= ? AND s.until > ?)"""

_HELD = "SELECT account FROM store_seat WHERE connection_id = ? AND product = ? AND since <= ? AND until > ?"


class Name(NamedTuple):
    """How the directory names an account, or named it last."""

    upn: str | None
    mail: str | None
    given_name: str | None
    surname: str | None


class UseCount(NamedTuple):
    """The successes of an account at the product itself."""

    account: Key
    sign_ins: int
    oldest: Instant
    newest: Instant


class HeldRow(NamedTuple):
    """A version of a seat; `since` and `until` are when the runs began that showed its begin and its end."""

    sku: Key
    kind: str
    active: Instant | None
    assigned_by: str
    since: Instant | None
    until: Instant | None


class PersonDay(NamedTuple):
    """The successes of one person at one application on a day."""

    day: int
    app: str
    sign_ins: int
    oldest: Instant
    newest: Instant


class Event(NamedTuple):
    """One successful sign-in of one person."""

    created: Instant
    app: str


def apps_by_id() -> dict[int, str]:
    """The GUIDs of the applications by their numbers."""
    return dict(raw.fetch("SELECT id, guid FROM store_signinapp"))


def list_apps() -> list[str]:
    """What anybody's sign-ins were to, by the names of `AppUse`; some dozens."""
    return sorted(apps_by_id().values())


def ids_of(guids: Sequence[str]) -> list[int]:
    """The numbers of applications; one that nobody signed in to has none."""
    wanted = set(guids)
    return [number for number, guid in apps_by_id().items() if guid in wanted]


def are_counted(connection_id: int) -> bool:
    """Whether no day waits to be counted."""
    return not raw.fetch("SELECT 1 FROM store_uncountedday WHERE connection_id = ? LIMIT 1", [connection_id])


def list_uses(
    connection_id: int, product: str, generation: int, *, kinds: Sequence[Sequence[str]] = ()
) -> list[UseRow]:
    """For every holder of a seat, the newest success at any application of each kind, under the name of its first."""
    seats = [connection_id, product, generation, generation]
    found = []
    for guids in kinds:
        is_one_of, apps = raw.matching("n.app_id", ids_of(guids))
        sql = f"""SELECT n.account, MAX(n.newest) FROM store_newestuse n
                  WHERE n.connection_id = ? AND {is_one_of} AND n.account IN ({_HELD}) GROUP BY n.account"""
        rows = raw.fetch(sql, [connection_id, *apps, *seats])
        found += [UseRow(account, guids[0], newest) for account, newest in rows]
    return found


def newest_apps(connection_id: int, accounts: Sequence[Key]) -> dict[Key, list[tuple[Instant, str]]]:
    """Every application that each of these accounts got in to, with the newest success, by the names of `AppUse`."""
    names, found = apps_by_id(), dict[Key, list[tuple[Instant, str]]]()
    for some in raw.chunks(accounts):
        which, keys = raw.matching("account", some)
        sql = f"SELECT account, newest, app_id FROM store_newestuse WHERE connection_id = ? AND {which}"
        for account, newest, app in raw.fetch(sql, [connection_id, *keys]):
            found.setdefault(bytes(account), []).append((newest, names[app]))
    return found


def list_use_counts(
    connection_id: int, product: str, generation: int, apps: Sequence[str], *, holders: bool
) -> list[UseCount]:
    """Who got in to one of the applications: those who hold a seat of the product, or those who hold none."""
    is_one_of, ids = raw.matching("u.app_id", ids_of(apps))
    sql = f"""
        SELECT u.account, SUM(u.sign_ins), MIN(u.oldest), MAX(u.newest) FROM store_useday u
        WHERE u.connection_id = ? AND {is_one_of} AND {"" if holders else "NOT"} {_HOLDS} GROUP BY u.account
    """
    rows = raw.fetch(sql, [connection_id, *ids, product, generation, generation])
    return [UseCount(account, int(number), oldest, newest) for account, number, oldest, newest in rows]


def newest_names(connection_id: int, keys: Sequence[Key]) -> dict[Key, Name]:
    """The directory's newest names of accounts, the deleted ones included."""
    names: dict[Key, Name] = {}
    for some in raw.chunks(keys):
        condition, values = raw.matching("key", some)
        sql = f"""SELECT key, upn, mail, given_name, surname FROM store_account
                  WHERE connection_id = ? AND {condition} AND upn IS NOT NULL ORDER BY since"""
        names |= {key: Name(*rest) for key, *rest in raw.fetch(sql, [connection_id, *values])}
    return names


def names_signed_with(connection_id: int, rows: Sequence[UseCount]) -> dict[Key, str]:
    """The name that each used at the newest sign-in: all there is of whom the directory does not know."""
    names: dict[Key, str] = {}
    by_moment = {(row.newest, row.account) for row in rows}
    for some in raw.chunks(sorted({row.newest for row in rows})):
        condition, values = raw.matching("created", some)
        sql = f"SELECT created, account, upn FROM store_signin WHERE connection_id = ? AND {condition}"
        found = raw.fetch(sql, [connection_id, *values])
        names |= {account: upn for created, account, upn in found if upn and (created, account) in by_moment}
    return names


def seat_ends(connection_id: int, product: str, generation: int) -> dict[Key, Instant]:
    """When accounts that held a seat once were first seen without it."""
    sql = """
        SELECT s.account, MAX(r.started)
        FROM store_seat s
        JOIN store_task t ON t.connection_id = s.connection_id AND t.key = 'roster'
        JOIN store_run r ON r.task_id = t.id AND r.generation = s.until AND r.status = ?
        WHERE s.connection_id = ? AND s.product = ? AND s.until <= ? GROUP BY s.account
    """
    return dict(raw.fetch(sql, [RunStatus.COMPLETE.value, connection_id, product, generation]))


def list_days_of(connection_id: int, account: Key, first: int, last: int) -> list[PersonDay]:
    """The days on which a person signed in, newest first: one look-up in the key a day."""
    is_one, values = raw.matching("u.day", list(range(first, last + 1)))
    sql = f"""SELECT u.day, p.guid, u.sign_ins, u.oldest, u.newest
              FROM store_useday u JOIN store_signinapp p ON p.id = u.app_id
              WHERE u.connection_id = ? AND {is_one} AND u.account = ? ORDER BY u.day DESC, u.newest DESC"""
    return [PersonDay._make(row) for row in raw.fetch(sql, [connection_id, *values, account])]


def list_successes(connection_id: int, account: Key, spans: Sequence[tuple[Instant, Instant]]) -> list[Event]:
    """A person's successes within spans. There is no index by person: keep the spans few and short."""
    if not spans:
        return []
    within = " OR ".join(["i.created BETWEEN ? AND ?"] * len(spans))
    sql = f"""SELECT i.created, p.guid FROM store_signin i JOIN store_signinapp p ON p.id = i.app_id
              WHERE i.connection_id = ? AND ({within}) AND i.account = ? AND i.error_code = 0"""
    moments = [moment for span in spans for moment in span]
    return [Event._make(row) for row in raw.fetch(sql, [connection_id, *moments, account])]


def list_held(connection_id: int, product: str, account: Key) -> list[HeldRow]:
    """All that a person ever held of the product, in the order of time; versions that no run published are left out."""
    began = """(SELECT MIN(r.started) FROM store_run r
                WHERE r.task_id = t.id AND r.status = ? AND r.generation = {} AND r.generation <= t.generation)"""
    sql = f"""SELECT s.sku, s.kind, s.active, s.assigned_by, {began.format("s.since")}, {began.format("s.until")}
              FROM store_seat s JOIN store_task t ON t.connection_id = s.connection_id AND t.key = 'roster'
              WHERE s.connection_id = ? AND s.account = ? AND s.product = ? AND s.since <= t.generation
              ORDER BY s.since, s.sku"""
    complete = RunStatus.COMPLETE.value
    return [HeldRow._make(row) for row in raw.fetch(sql, [complete, complete, connection_id, account, product])]
