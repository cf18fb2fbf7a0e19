"""What the store knows, as rows for insights: always of a published generation, never of one in the making."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from django.db.models import Min

from seatkeeper.model import Instant, Key, RunStatus
from seatkeeper.spans import Span
from seatkeeper.store import raw
from seatkeeper.store.models import Renewal, Run, Subscription


class SeatRow(NamedTuple):
    """A seat with the account that holds it."""

    account: Key
    sku: Key
    kind: str
    plans: str
    active: Instant | None
    active_source: str
    assigned_by: str
    state: str
    error: str
    upn: str | None
    mail: str | None
    given_name: str | None
    surname: str | None
    enabled: bool | None
    user_type: str | None
    department: str | None
    location: str | None
    licensing: str | None  # what the vendor said of the licences, of whom a group gives the seat


class GoneRow(NamedTuple):
    """A seat that ended with its account; `when` is when the run began that showed it."""

    account: Key
    sku: Key
    upn: str | None
    when: Instant


class UseRow(NamedTuple):
    """The newest success of an account at one application."""

    account: Key
    app: str
    newest: Instant


class FactRow(NamedTuple):
    """What a signal tells of an account, by the name of a fact; `read_at` is the run that was told so."""

    account: Key
    signal: str
    name: str
    value: str
    read_at: Instant
    until: Instant | None


class LastUseRow(NamedTuple):
    """The newest use that a signal told of an account at a moment, and up to when it said that it knew."""

    account: Key
    last: Instant
    read_at: Instant
    until: Instant | None


class NamedRow(NamedTuple):
    """An account with its user name, and when it was created, if the vendor says so."""

    account: Key
    upn: str
    created: Instant | None


_SEATS: Final = """
        SELECT s.account, s.sku, s.kind, s.plans, s.active, s.active_source, s.assigned_by, s.state, s.error,
               a.upn, a.mail, a.given_name, a.surname, a.enabled, a.user_type, a.department,
               a.usage_location, CASE WHEN s.assigned_by IN ('group', 'direct, group') THEN a.licensing END
        FROM store_seat s
        LEFT JOIN store_account a
          ON a.connection_id = s.connection_id AND a.key = s.account AND a.since <= ? AND a.until > ?
        WHERE s.connection_id = ? AND s.product = ? AND s.since <= ? AND s.until > ?
    """


def stream_seats(connection_id: int, product: str, generation: int) -> Iterator[SeatRow]:
    """All seats of the product with their holders one by one, those of a person together; to be read to their end."""
    values = [generation, generation, connection_id, product, generation, generation]
    return map(SeatRow._make, raw.stream(f"{_SEATS} ORDER BY s.account, s.sku", values))


def seats_of(connection_id: int, product: str, generation: int, accounts: Sequence[Key]) -> list[SeatRow]:
    """The same of some accounts."""
    values = [generation, generation, connection_id, product, generation, generation]
    rows: list[SeatRow] = []
    for some in raw.chunks(accounts):
        condition, keys = raw.matching("s.account", some)
        found = raw.fetch(f"{_SEATS} AND {condition} ORDER BY s.account, s.sku", [*values, *keys])
        rows += map(SeatRow._make, found)
    return rows


def list_gone(connection_id: int, product: str, generation: int, since: Instant) -> list[GoneRow]:
    """Seats that ended with their accounts since a moment, newest first; of accounts that are not back."""
    # The account stands in subqueries: joined, SQLite looks at every account before it asks whether any seat ended.
    account = "FROM store_account a WHERE a.connection_id = s.connection_id AND a.key = s.account AND a.until = s.until"
    sql = f"""
        SELECT s.account, s.sku, (SELECT a.upn {account} LIMIT 1), r.started
        FROM store_seat s
        JOIN store_task t ON t.connection_id = s.connection_id AND t.key = 'roster'
        JOIN store_run r ON r.task_id = t.id AND r.generation = s.until AND r.status = ? AND r.started >= ?
        WHERE s.connection_id = ? AND s.product = ? AND s.until <= ? AND s.kind <> 'other-product'
          AND EXISTS (SELECT 1 {account})
          AND NOT EXISTS (SELECT 1 FROM store_account b
                          WHERE b.connection_id = s.connection_id AND b.key = s.account AND b.until > s.until
                            AND b.since <= ?)
        ORDER BY r.started DESC, s.account, s.sku
    """
    values = [RunStatus.COMPLETE.value, since, connection_id, product, generation, generation]
    return [GoneRow._make(row) for row in raw.fetch(sql, values)]


def list_licensing(connection_id: int, generation: int) -> Iterator[str]:
    """What the vendor said of the licences of each account that has any."""
    sql = """SELECT licensing FROM store_account
             WHERE connection_id = ? AND since <= ? AND until > ? AND licensing IS NOT NULL"""
    return (text for (text,) in raw.stream(sql, [connection_id, generation, generation]))


class FailingRow(NamedTuple):
    """An account with an assignment that may have failed."""

    account: Key
    upn: str | None
    licensing: str


def list_failing(connection_id: int, generation: int) -> list[FailingRow]:
    """The accounts in whose licences the vendor speaks of an error."""
    sql = """SELECT key, upn, licensing FROM store_account
             WHERE connection_id = ? AND since <= ? AND until > ?
               AND (licensing LIKE ? OR licensing LIKE ?) ORDER BY key"""
    said = '%:"Error"%', '%:"ActiveWithError"%'
    rows = raw.fetch(sql, [connection_id, generation, generation, *said])
    return [FailingRow(bytes(key), upn, licensing) for key, upn, licensing in rows]


def list_assigned(connection_id: int, generation: int, accounts: Sequence[Key]) -> dict[Key, str]:
    """The same of some accounts, by account: also of those that have a SKU with everything in it switched off."""
    found: dict[Key, str] = {}
    for some in raw.chunks(accounts):
        condition, keys = raw.matching("key", some)
        sql = f"""SELECT key, licensing FROM store_account
                  WHERE connection_id = ? AND since <= ? AND until > ? AND licensing IS NOT NULL AND {condition}"""
        found |= {bytes(key): text for key, text in raw.fetch(sql, [connection_id, generation, generation, *keys])}
    return found


def list_uses(connection_id: int, product: str, generation: int) -> list[UseRow]:
    """For every holder of a seat, the newest success at each application."""
    sql = """
        SELECT i.account, p.guid, MAX(i.created)
        FROM store_signin i JOIN store_signinapp p ON p.id = i.app_id
        WHERE i.connection_id = ? AND i.error_code = 0
          AND i.account IN (SELECT account FROM store_seat
                            WHERE connection_id = ? AND product = ? AND since <= ? AND until > ?)
        GROUP BY i.account, p.guid
    """
    values = [connection_id, connection_id, product, generation, generation]
    return [UseRow._make(row) for row in raw.fetch(sql, values)]


def list_last_uses(connection_id: int, signal: str, product: str, generation: int, used: str = "") -> list[LastUseRow]:
    """What a signal knows of the holders of a seat: of all that it is about, or of one part of it."""
    sql = """
        SELECT account, last, read_at, until FROM store_lastuse
        WHERE connection_id = ? AND signal = ? AND used = ?
          AND account IN (SELECT account FROM store_seat
                          WHERE connection_id = ? AND product = ? AND since <= ? AND until > ?)
    """
    values = [connection_id, signal, used, connection_id, product, generation, generation]
    return [LastUseRow._make(row) for row in raw.fetch(sql, values)]


_FACTS: Final = "SELECT account, signal, name, value, read_at, until FROM store_accountfact WHERE connection_id = ?"


def list_facts(connection_id: int, product: str, generation: int) -> list[FactRow]:
    """What signals tell of the holders of a seat besides their use."""
    sql = f"""{_FACTS} AND account IN (SELECT account FROM store_seat
              WHERE connection_id = ? AND product = ? AND since <= ? AND until > ?)"""
    values = [connection_id, connection_id, product, generation, generation]
    return [FactRow._make(row) for row in raw.fetch(sql, values)]


def list_facts_of(connection_id: int, account: Key) -> list[FactRow]:
    """The same of one account."""
    return [FactRow._make(row) for row in raw.fetch(f"{_FACTS} AND account = ?", [connection_id, account])]


def stream_names(connection_id: int, generation: int) -> Iterator[NamedRow]:
    """Everybody who has a user name; to be read to the end."""
    sql = """SELECT key, upn, created FROM store_account
             WHERE connection_id = ? AND since <= ? AND until > ? AND upn IS NOT NULL"""
    return map(NamedRow._make, raw.stream(sql, [connection_id, generation, generation]))


def stream_bearers(connection_id: int) -> Iterator[tuple[Key, str, Instant | None, int, int]]:
    """Whoever has or had a name: key, name, created, from and up to which generation. To be read to the end."""
    sql = "SELECT key, upn, created, since, until FROM store_account WHERE connection_id = ? AND upn IS NOT NULL"
    return ((bytes(key), *rest) for key, *rest in raw.stream(sql, [connection_id]))


def list_subscriptions(connection_id: int, generation: int) -> list[Subscription]:
    """What the tenant owned in the generation."""
    rows = Subscription.objects.filter(connection_id=connection_id, since__lte=generation, until__gt=generation)
    return list(rows.order_by("part_number"))


def list_renewals(connection_id: int) -> list[Renewal]:
    """The commercial subscriptions that there still are."""
    rows = Renewal.objects.filter(connection_id=connection_id).order_by("pk")
    return [row for row in rows if row.status.casefold() != "deleted"]


def list_near_renewals(organization_id: int, within: Span) -> list[Renewal]:
    """Of all connections of an organization, those whose next date lies in a stretch of time."""
    mine = Renewal.objects.filter(connection__organization_id=organization_id, next_lifecycle__range=within)
    return [row for row in mine.order_by("pk") if row.status.casefold() != "deleted"]


def is_in_force(renewal: Renewal) -> bool:
    """Whether its seats can be used now; then it renews, or else it only ends."""
    return renewal.status.casefold() not in ("suspended", "lockedout", "deleted")


def generation_at(connection_id: int, task: str, moment: Instant) -> tuple[int, Instant | None]:
    """The generation that readers saw at a moment, and when it was read; 0 before the first."""
    runs = Run.objects.filter(
        task__connection_id=connection_id, task__key=task, status=RunStatus.COMPLETE, generation__gt=0, ended__lt=moment
    )
    newest = runs.order_by("-generation", "-id").values_list("generation", "started").first()
    return newest or (0, None)


def first_complete_run(connection_id: int, task: str) -> Instant | None:
    """When the first generation was published."""
    runs = Run.objects.filter(
        task__connection_id=connection_id, task__key=task, status=RunStatus.COMPLETE, generation__gt=0
    )
    first: Instant | None = runs.aggregate(first=Min("ended"))["first"]
    return first
