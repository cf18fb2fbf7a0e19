"""How a signal besides sign-ins is read: each row is true by itself, whether or not the next page comes."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.connectors.base import RecordPage
from seatkeeper.model import Instant, LastUse, RunStatus
from seatkeeper.store import bulk
from seatkeeper.store.models import Task
from seatkeeper.sync.work import CompleteRead, Tally, Work


class SignalReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.began = self.now()  # what is told is true of this moment at least
        self.read = 0
        roster = Task.objects.filter(connection_id=work.task.connection_id, key="roster").first()
        self.accounts = bulk.count_published(work.task.connection_id, roster.generation)[0] if roster else 0

    def now(self) -> Instant:
        return self.work.connector.vendor_time(self.work.clock)

    def pages(self) -> Iterator[RecordPage[LastUse]]:
        yield from self.work.connector.read_signal(self.work.kind)

    def save(self, page: RecordPage[LastUse]) -> Tally:
        now, task = self.now(), self.work.task
        known = [row for row in page.records if row.last <= now]  # nobody used anything tomorrow
        added = bulk.save_last_uses(task.connection_id, task.key, known, self.began)
        self.read += len(page.records) + len(page.bad) + page.left_out
        return Tally(kept=len(known), added=added)

    def share(self) -> float | None:
        return min(self.read / self.accounts, 0.99) if self.accounts else None

    def outlook(self) -> str:
        return ""

    def finish(self, read: CompleteRead) -> RunStatus:
        task = read.work.task
        task.full_read_at = self.began
        task.save(update_fields=["full_read_at"])
        bulk.resolve_unmet(task.connection_id, task.key, read.work.run.pk)
        read.work.run.full = True
        return RunStatus.COMPLETE
