"""Sign-ins: an event is kept once however often it is read, and its last reading wins."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from seatkeeper.clock import seconds
from seatkeeper.model import SignIn
from seatkeeper.store import raw
from seatkeeper.store.bulk.use_days import mark_days

TABLE: Final = "store_signin"
APPS: Final = "store_signinapp"

_COLUMNS: Final = ("connection_id", "created", "event", "account", "app_id", "error_code", "upn")
_KEY: Final = 3


def app_ids(guids: Collection[str]) -> dict[str, int]:
    """The number that stands in for each application's GUID; an unknown one gets a number.

    Asked anew for each page: a number remembered from a transaction that rolled back would point nowhere.
    """
    wanted = sorted(set(guids))
    known = _known_apps(wanted)
    missing = [(guid,) for guid in wanted if guid not in known]
    if missing:
        raw.run_many(f"INSERT INTO {APPS} (guid) VALUES (?) ON CONFLICT DO NOTHING", missing)
        known = _known_apps(wanted)
    return known


def _known_apps(guids: Sequence[str]) -> dict[str, int]:
    condition, values = raw.matching("guid", guids)
    return dict(raw.fetch(f"SELECT guid, id FROM {APPS} WHERE {condition}", values))


# Steps of a multi-factor sign-in are merged into one record within so long (entra-docs reports-faq).
REWRITTEN_WITHIN: Final = seconds(2 * 3600)


def save_sign_ins(connection_id: int, rows: Sequence[SignIn]) -> int:
    """Keep each event once and say how many were new; of an event that comes twice, the last wins."""
    last = {row.event: row for row in rows}
    apps = app_ids({row.app for row in rows})
    kept = [
        (connection_id, created, event, account, apps[app], error_code, upn)
        for event, account, app, created, error_code, upn in last.values()
    ]
    mark_days(connection_id, (row.created for row in last.values()))
    return raw.upsert(TABLE, _COLUMNS, _KEY, sorted(kept))


def list_unknown(connection_id: int, rows: Sequence[SignIn]) -> list[SignIn]:
    """Those of a page that are not kept yet: in a stretch that was read before, they came late."""
    if not rows:
        return []
    first, last = min(row.created for row in rows), max(row.created for row in rows)
    sql = f"SELECT created, event FROM {TABLE} WHERE connection_id = ? AND created BETWEEN ? AND ?"
    known = set(raw.fetch(sql, [connection_id, first, last]))
    return [row for row in rows if (row.created, row.event) not in known]


def is_kept(connection_id: int, row: SignIn) -> bool:
    """Whether the event is kept, be it under another time that the vendor gave it."""
    sql = f"SELECT 1 FROM {TABLE} WHERE connection_id = ? AND created BETWEEN ? AND ? AND event = ?"
    around = row.created - REWRITTEN_WITHIN, row.created + REWRITTEN_WITHIN
    return bool(raw.fetch(sql, [connection_id, *around, row.event]))


def forget_restamped(connection_id: int, rows: Sequence[SignIn]) -> int:
    """Delete these events where they are kept under another time, and say how many were.

    In a stretch that was read before, an event that looks new may be an old one that the vendor gave another time
    when it merged the steps of a sign-in.
    """
    if not rows:
        return 0
    first, last = min(row.created for row in rows), max(row.created for row in rows)
    around = [connection_id, first - REWRITTEN_WITHIN, last + REWRITTEN_WITHIN]
    found = 0
    for some in raw.chunks([row.event for row in rows]):
        is_one, values = raw.matching("event", some)
        which = f"FROM {TABLE} WHERE connection_id = ? AND created BETWEEN ? AND ? AND {is_one}"
        if old := raw.fetch(f"SELECT created {which}", [*around, *values]):
            mark_days(connection_id, (created for (created,) in old))
            found += raw.run(f"DELETE {which}", [*around, *values])
    return found
