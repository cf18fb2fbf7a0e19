"""How a signal besides sign-ins is read: each row is true by itself, whether or not the next page comes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage
from seatkeeper.model import Instant, LastUse, RunStatus, to_text
from seatkeeper.store import bulk
from seatkeeper.store.models import Task
from seatkeeper.store.queries import roster
from seatkeeper.sync.work import CompleteRead, Tally, Work

DAY: Final = days(1)  # a use of which only the day is told began some time in it
FAR: Final = 1 << 62
STALE: Final = days(10)  # reports are two to nine days behind when all is well


class SignalReading:
    whole = True  # each run reads all that there is, so a row that it does not meet is there no more

    def __init__(self, work: Work) -> None:
        self.work = work
        self.began = self.now()  # what is told is true of this moment at least
        self.known = self.began  # how far the oldest of what was read knows
        self.read = 0
        self.strangers: set[str] = set()
        task = Task.objects.filter(connection_id=work.task.connection_id, key="roster").first()
        self.generation = task.generation if task else 0
        self.accounts = bulk.count_published(work.task.connection_id, self.generation)[0] if task else 0

    def now(self) -> Instant:
        return self.work.connector.vendor_time(self.work.clock)

    def pages(self) -> Iterator[RecordPage[LastUse]]:
        yield from self.work.connector.read_signal(self.work.kind)

    def save(self, page: RecordPage[LastUse]) -> Tally:
        now = self.now()
        known = [found for row in page.records if (found := self._join(_past(row, now))) is not None]
        added = self.keep(known)
        self.read += len(page.records) + len(page.bad) + page.left_out
        self.known = min(self.known, max((row.until for row in page.records if row.until), default=self.known))
        if page.note:
            self.work.note(page.note)
        return Tally(kept=len(known), added=added)

    def keep(self, rows: list[LastUse]) -> int:
        """Save what is told of accounts, and say how many were new."""
        task = self.work.task
        new = bulk.save_last_uses(task.connection_id, task.key, rows, self.began)
        return max(new, bulk.save_facts(task.connection_id, task.key, rows, self.began))

    def _join(self, row: LastUse | None) -> LastUse | None:
        """By the roster of now, where the vendor tells only a name: nobody's is left out, and so is that of two.

        So is what is told of a time before the account was there: the name was another's then.
        """
        if row is None or isinstance(row.account, bytes):
            return row
        name = row.account.casefold()
        found = self._names.get(name)
        if found is None or (found.created is not None and _end_of(row) <= found.created):
            self.strangers.add(name)
            return None
        return row._replace(account=found.account)

    @cached_property
    def _names(self) -> dict[str, roster.NamedRow | None]:
        """Who has which name on the roster, in lower case; None for a name that two have."""
        found: dict[str, roster.NamedRow | None] = {}
        for row in roster.stream_names(self.work.task.connection_id, self.generation):
            name = row.upn.casefold()
            found[name] = None if name in found else row
        return found

    def share(self) -> float | None:
        return min(self.read / self.accounts, 0.99) if self.accounts else None

    def outlook(self) -> str:
        return ""

    def finish(self, read: CompleteRead) -> RunStatus:
        task = read.work.task
        task.full_read_at = self.began
        task.save(update_fields=["full_read_at"])
        if self.whole:
            bulk.resolve_unmet(task.connection_id, task.key, read.work.run.pk)
        if self.known < self.began - STALE:
            read.work.note(f"A report that was read knows nothing after {to_text(self.known)[:10]}.")
        if self.strangers:
            read.work.note(
                f"Left out: {len(self.strangers):,} user names that do not fit exactly one account of the roster. "
                "Somebody may have been renamed or deleted since."
            )
        read.work.run.full = True
        return RunStatus.COMPLETE


def _end_of(row: LastUse) -> Instant:
    """When the newest that it tells of was over: a use, of which perhaps only the day is told, or the whole report."""
    if row.last is not None:
        return row.last + DAY
    return FAR if row.until is None else row.until


def _past(row: LastUse, now: Instant) -> LastUse | None:
    """The row without what is dated ahead of its time: nobody used anything tomorrow. None when nothing is left."""
    if (row.last or 0) <= now and (row.until is None or row.until <= now):
        return row
    parts = tuple((used, last) for used, last in row.parts if last <= now)
    last = row.last if row.last and row.last <= now else max((last for _used, last in parts), default=None)
    ahead = row.until is not None and row.until > now
    facts = () if ahead else row.facts
    if last is None and not facts:
        return None
    return row._replace(last=last, until=None if ahead else row.until, parts=parts, facts=facts)
