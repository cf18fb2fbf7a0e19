"""Rows that pages read, stored by a refresh: all of an application's are replaced in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from seatkeeper.model import Instant, Key
from seatkeeper.store import raw

T = TypeVar("T")

PORTION: Final = 2_000  # rows that are in memory at once
FINDINGS: Final = "store_finding"
UNPROVEN: Final = "unproven"  # state of a finding that cannot be said at present
LOCK: Final = 0x5EA7  # tells this lock from others in the same PostgreSQL database


class SeatHolderRow(NamedTuple):
    """A row of models.SeatHolder, in the order in which it is written."""

    account: Key
    object_id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    department: str
    location: str
    cost_center: str
    blocked: bool
    guest: bool
    plans: str
    skus: str
    assigned_by: str
    groups: str
    group_ids: str
    active_date: Instant | None
    active_date_source: str
    signals: str
    last_login: Instant | None
    last_reported: Instant | None
    last_possible: Instant | None
    last_in_tenant: Instant | None
    last_activity: Instant | None
    evidence: str
    observed_since: Instant | None
    status: str
    cost: str  # as Money writes it
    idle_skus: str
    words: str


class UnlicensedUserRow(NamedTuple):
    """A row of models.UnlicensedUser."""

    account: Key
    object_id: str
    user_id: str
    first_name: str
    last_name: str
    type: str
    sign_ins: int
    first_seen: Instant
    last_seen: Instant
    state: str
    held_until: Instant | None
    words: str


class FindingRow(NamedTuple):
    """What a refresh says of a finding: the columns of models.Finding that have no life of their own."""

    key: str
    subject: str
    object_id: str
    user_id: str
    plan: str
    evidence: str
    observed_since: Instant | None
    last_login: Instant | None
    last_use: Instant | None
    cost: str  # as Money writes it
    frees: str
    seats: int
    could_save: str
    advice: str
    words: str
    certainty: int
    saves: float


def alone(application_id: int) -> None:
    """One refresh of an application at a time, until the transaction ends."""
    raw.alone(LOCK, application_id)


def replace_seat_holders(application_id: int, rows: Iterable[SeatHolderRow]) -> None:
    _replace("store_seatholder", application_id, SeatHolderRow._fields, rows)


def replace_unlicensed_users(application_id: int, rows: Iterable[UnlicensedUserRow]) -> None:
    _replace("store_unlicenseduser", application_id, UnlicensedUserRow._fields, rows)


def _replace(table: str, application_id: int, fields: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    raw.run(f"DELETE FROM {table} WHERE application_id = ?", [application_id])
    for some in _portions(rows):
        raw.insert(table, ("application_id", *fields), [(application_id, *row) for row in some])


def _portions(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, PORTION)):
        yield some


class Living(NamedTuple):
    """A finding that is not resolved; `hash` is of what its row says, and `last_use` the use that it knows of."""

    id: int
    returns_to: str
    last_use: Instant | None
    hash: int


def list_unresolved(application_id: int) -> dict[tuple[str, str], Living]:
    """The findings that live, whatever was decided on them, by key and subject."""
    columns = ", ".join(("id", "returns_to", "last_use", *FindingRow._fields))
    sql = f"SELECT {columns} FROM {FINDINGS} WHERE application_id = ? AND resolved IS NULL"
    rows = raw.stream(sql, [application_id])
    return {(row[3], row[4]): Living(row[0], row[1], row[2], hash(row[3:])) for row in rows}


def insert_findings(application_id: int, rows: Sequence[FindingRow], now: Instant, by: str) -> None:
    """New findings, open, each with the first step of its life."""
    highest = raw.fetch(f"SELECT COALESCE(MAX(id), 0) FROM {FINDINGS}")[0][0]
    columns = ("application_id", *FindingRow._fields, "state", "returns_to", "first_seen", "last_seen")
    for some in _portions(rows):
        raw.insert(FINDINGS, columns, [(application_id, *row, "open", "", now, now) for row in some])
    sql = f"SELECT id FROM {FINDINGS} WHERE application_id = ? AND id > ?"
    _note([(row_id, "") for (row_id,) in raw.fetch(sql, [application_id, highest])], "open", now, by)


def rewrite_findings(ids_and_rows: Sequence[tuple[int, FindingRow]]) -> None:
    """What is said of findings has changed; what was decided on them stays."""
    sets = ", ".join(f"{field} = ?" for field in FindingRow._fields)
    raw.run_many(f"UPDATE {FINDINGS} SET {sets} WHERE id = ?", [(*row, row_id) for row_id, row in ids_and_rows])


def see_findings(ids: Sequence[int], now: Instant) -> None:
    """They are still there."""
    for some in raw.chunks(ids):
        condition, values = raw.matching("id", some)
        raw.run(f"UPDATE {FINDINGS} SET last_seen = ? WHERE {condition}", [now, *values])


def forget_savings(ids: Sequence[int]) -> None:
    """They are not found any more: following them gives nothing back now, whether they are resolved or kept."""
    for some in raw.chunks(ids):
        condition, values = raw.matching("id", some)
        raw.run(f"UPDATE {FINDINGS} SET seats = 0, could_save = '', saves = 0 WHERE {condition}", values)


def resolve_findings(ids_and_notes: Sequence[tuple[int, str]], now: Instant, by: str) -> None:
    """A newer reading shows that they are over; each with the reason, as far as it is known."""
    for some in raw.chunks([row_id for row_id, _note in ids_and_notes]):
        condition, values = raw.matching("id", some)
        sets = "state = 'resolved', returns_to = '', resolved = ?"
        raw.run(f"UPDATE {FINDINGS} SET {sets} WHERE {condition}", [now, *values])
    _note(ids_and_notes, "resolved", now, by)


def suspend_findings(ids_and_notes: Sequence[tuple[int, str]], now: Instant, by: str) -> None:
    """They cannot be said at present, for these reasons; each keeps the state that it had."""
    for some in raw.chunks([row_id for row_id, _note in ids_and_notes]):
        condition, values = raw.matching("id", some)
        raw.run(f"UPDATE {FINDINGS} SET returns_to = state, state = '{UNPROVEN}' WHERE {condition}", values)
    _note(ids_and_notes, UNPROVEN, now, by)


def list_states(application_id: int) -> dict[tuple[str, str], tuple[int, str]]:
    """The findings that live, by key and subject: row id and state."""
    sql = f"SELECT key, subject, id, state FROM {FINDINGS} WHERE application_id = ? AND resolved IS NULL"
    return {(key, subject): (row_id, state) for key, subject, row_id, state in raw.stream(sql, [application_id])}


def move_findings(ids: Sequence[int], state: str, now: Instant, by: str) -> None:
    """Into another state while they live."""
    for some in raw.chunks(ids):
        condition, values = raw.matching("id", some)
        raw.run(f"UPDATE {FINDINGS} SET state = ?, returns_to = '' WHERE {condition}", [state, *values])
    _note([(row_id, "") for row_id in ids], state, now, by)


def _note(ids_and_notes: Sequence[tuple[int, str]], state: str, now: Instant, by: str) -> None:
    columns = ("finding_id", "at", "by", "state", "note")
    raw.insert("store_findingevent", columns, [(row_id, now, by, state, note) for row_id, note in ids_and_notes])
