"""What must hold after each step, whatever happened: compared with the tenant, and with what the model expects."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

from seatkeeper.app_uses import NON_INTERACTIVE
from seatkeeper.insights.base import Snapshot
from seatkeeper.model import Evidence, RunStatus, to_id
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.services import roster
from seatkeeper.services.members import Who
from seatkeeper.store import models as tables
from seatkeeper.store import raw
from seatkeeper.sync.coverage import read_ledger, watched_by
from seatkeeper.tabular.tables import Table
from tests.people import NAME
from tests.property.events import Log

Roster = dict[str, Any]


class Seen(NamedTuple):
    """What readers are told at one moment, the events that are kept, and all that ever happened."""

    application: tables.Application
    snapshot: Snapshot
    kept: list[str]
    log: Log
    roster: Roster  # as the last complete read must have left it


def look(application: tables.Application, log: Log, roster: Roster) -> Seen:
    sql = """SELECT i.event FROM store_signin i JOIN store_signinapp p ON p.id = i.app_id WHERE p.guid NOT LIKE ?"""
    told_by_beta = f"%{NON_INTERACTIVE}"  # of these the log of v1.0 tells nothing
    kept = [to_id(event) for (event,) in raw.fetch(sql, [told_by_beta])]
    return Seen(application, take_snapshot(application, log.source.clock), kept, log, roster)


def writes() -> tuple[int, ...]:
    """Another number whenever anything was written to the database, by us or by anybody else."""
    if raw.on_sqlite():
        return connection.connection.total_changes, raw.fetch("PRAGMA data_version")[0][0]
    return raw.fetch("SELECT txid_snapshot_xmax(txid_current_snapshot())")[0]


def say_roster(snapshot: Snapshot) -> Roster:
    return {to_id(h.account): (h.user_id, h.mail, h.active, h.blocked) for h in snapshot.holders}


def readers_see_the_last_complete_roster(seen: Seen) -> None:
    assert say_roster(seen.snapshot) == seen.roster


def nothing_is_there_twice_or_was_never_said(seen: Seen) -> None:
    assert len(seen.kept) == len(set(seen.kept))
    assert seen.log.told().issuperset(seen.kept)
    versions = raw.fetch("SELECT key, since FROM store_account")
    assert len(versions) == len({(bytes(key), since) for key, since in versions})


def what_is_claimed_to_be_covered_is_there(seen: Seen) -> None:
    spans = read_ledger(seen.application.connection_id).proven(watched_by(seen.application))
    kept = set(seen.kept)
    for span in spans:
        for event in seen.log.between(span.start, span.end):
            assert event.id in kept, f"{event} lies in a span that is called complete"


def nobody_who_signed_in_is_said_not_to_have(seen: Seen) -> None:
    observed = seen.snapshot.observed
    events = seen.log.between(observed.start, observed.end) if observed else []
    used = {event.account for event in events if not event.error_code}
    for holder in seen.snapshot.holders:
        if holder.evidence == Evidence.NONE_SEEN:
            assert to_id(holder.account) not in used
            assert observed
            given = holder.active if holder.active is not None else observed.start
            assert holder.observed_since == max(observed.start, given)


def no_run_is_left_open_and_the_counts_agree(seen: Seen) -> None:
    assert raw.fetch("SELECT id FROM store_task WHERE lease_owner <> ''") == []
    for status, rows, kept in raw.fetch("SELECT status, rows, kept FROM store_run"):
        assert status != RunStatus.RUNNING
        assert rows >= kept >= 0


PROMISES = (
    readers_see_the_last_complete_roster,
    nothing_is_there_twice_or_was_never_said,
    what_is_claimed_to_be_covered_is_there,
    nobody_who_signed_in_is_said_not_to_have,
    no_run_is_left_open_and_the_counts_agree,
)


def every_reader_is_told_the_same(who: Who, seen: Seen) -> None:
    """The pages, which were drawn just now, and the tables of commands; nothing that ages by the hour is compared."""
    snapshot = {
        to_id(h.account): (h.user_id, h.last_login, h.last_possible, h.evidence, h.observed_since)
        for h in seen.snapshot.holders
    }
    fields = ("object_id", "user_id", "last_login", "last_possible", "evidence", "observed_since")
    assert {row[0]: row[1:] for row in tables.SeatHolder.objects.values_list(*fields)} == snapshot
    dates = tables.SeatHolder.objects.values_list("object_id", "user_id", "email", "active_date", "blocked")
    assert {row[0]: row[1:] for row in dates} == seen.roster
    assert cells(roster.roster(who, NAME), "User ID", "Email", "Active Date", "Blocked") == seen.roster
    access = roster.access(who, NAME)
    assert cells(access, "User ID", "Last Login", "Last Possible", "Evidence", "Observed Since") == snapshot


def cells(table: Table, *columns: str) -> Roster:
    told = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return {str(row["Object ID"]): tuple(row[column] for column in columns) for row in told}
