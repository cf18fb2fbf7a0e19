"""Deletes what is older than the operator wants kept, a little at a time, and nothing that any figure stands on.

Of sign-ins the counts by day stay (UseDay), and with them when each account used what first and last; so does the
newest success of each account at each application, whose name may be all that is known of a stranger. Of runs those
stay that published a generation or cover a stretch of sign-ins, and the newest of each task and status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from seatkeeper.clock import days
from seatkeeper.model import Instant, RunStatus
from seatkeeper.settings.upkeep import Retention
from seatkeeper.store import raw
from seatkeeper.store.models import AuditEvent, Connection, Coverage, DailySummary, Notice, Quarantine, Run

PORTION: Final = 500  # rows of one transaction
SIGN_INS: Final = 1_000  # of one transaction

_OLD_SIGN_INS: Final = """FROM store_signin WHERE connection_id = ? AND created >= ? AND created < ? AND NOT EXISTS (
    SELECT 1 FROM store_newestuse n WHERE n.connection_id = store_signin.connection_id
    AND n.account = store_signin.account AND n.app_id = store_signin.app_id AND n.newest = store_signin.created)"""


class Kind(NamedTuple):
    """A kind of data that may be pruned: its name, how many are too old, and a step that deletes some of them.

    A step returns the number that it deleted; None when nothing is left to do.
    """

    name: str
    title: str
    days: int
    count: Callable[[Instant], int]
    steps: Callable[[Instant], Iterator[int]]


def list_kinds(keep: Retention) -> list[Kind]:
    """In the order in which they are pruned: runs after the rows that refer to them."""
    return [
        Kind("sign-ins", "Sign-ins, one by one", keep.sign_ins, _count_sign_ins, _prune_sign_ins),
        _rows("quarantine", "Quarantined rows that were resolved", keep.quarantine, _old_quarantine),
        _rows("runs", "Runs that no figure stands on", keep.runs, _old_runs),
        _rows("notices", "Notices that are over", keep.notices, _old_notices),
        _rows("audit", "Audit trail", keep.audit, _old_events),
        _rows("summaries", "Daily summaries", keep.summaries, _old_summaries),
    ]


def _rows(name: str, title: str, kept: int, old: Callable[[Instant], QuerySet[Any]]) -> Kind:
    def prune(before: Instant) -> Iterator[int]:
        while True:
            with transaction.atomic():
                rows = list(old(before).order_by("pk").values_list("pk", flat=True)[:PORTION])
                old(before).model.objects.filter(pk__in=rows).delete()
            if not rows:
                return
            yield len(rows)

    return Kind(name, title, kept, lambda before: old(before).count(), prune)


def _old_runs(before: Instant) -> QuerySet[Run]:
    newest = Run.objects.values("task", "status", "full").annotate(newest=Max("pk")).values("newest")
    covers, holds = (Exists(table.objects.filter(run=OuterRef("pk"))) for table in (Coverage, Quarantine))
    ended = Run.objects.filter(started__lt=before, generation=0).exclude(status__in=(RunStatus.RUNNING, RunStatus.HELD))
    return ended.exclude(pk__in=newest).exclude(covers).exclude(holds)


def _old_quarantine(before: Instant) -> QuerySet[Quarantine]:
    return Quarantine.objects.filter(resolved=True, last_seen__lt=before)


def _old_notices(before: Instant) -> QuerySet[Notice]:
    """Not the newest of findings: the next one tells what is new since."""
    newest = Notice.objects.filter(kind="findings").values("organization").annotate(newest=Max("pk")).values("newest")
    return Notice.objects.filter(closed__lt=before).exclude(pk__in=newest)


def _old_events(before: Instant) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(at__lt=before)


def _old_summaries(before: Instant) -> QuerySet[DailySummary]:
    newest = DailySummary.objects.values("application").annotate(newest=Max("pk")).values("newest")
    return DailySummary.objects.filter(day__lt=before // days(1)).exclude(pk__in=newest)


def _count_sign_ins(before: Instant) -> int:
    before -= before % days(1)
    connections = Connection.objects.values_list("pk", flat=True)
    return sum(int(raw.fetch(f"SELECT count(*) {_OLD_SIGN_INS}", [pk, 0, before])[0][0]) for pk in connections)


def _prune_sign_ins(before: Instant) -> Iterator[int]:
    """Some of a tenant at a time, oldest first. Days that wait to be counted are left alone, with all after them."""
    before -= before % days(1)
    for pk, since in list(Connection.objects.values_list("pk", "pruned_until")):
        at = since or 0
        while at < before:
            sql = """SELECT created FROM store_signin WHERE connection_id = ? AND created >= ? AND created < ?
                     ORDER BY created LIMIT 1 OFFSET ?"""
            rest = raw.fetch(sql, [pk, at, before, SIGN_INS])
            until = max(rest[0][0], at + 1) if rest else before
            with transaction.atomic():
                # The lock first: whoever counts a day holds its mark, or sees here what is left of it.
                Connection.objects.select_for_update().filter(pk=pk).first()
                sql = "SELECT 1 FROM store_uncountedday WHERE connection_id = ? AND day < ? LIMIT 1"
                if raw.fetch(sql, [pk, -(-until // days(1))]):
                    break
                Connection.objects.filter(pk=pk).update(pruned_until=until)
                gone = raw.run(f"DELETE {_OLD_SIGN_INS}", [pk, at, until])
            at = until
            yield gone
