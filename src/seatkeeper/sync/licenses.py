"""How License Information is read: one page, published as a generation of its own."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.connectors.base import RecordPage
from seatkeeper.model import Subscription, Word
from seatkeeper.store import bulk
from seatkeeper.sync.work import CompleteRead, Tally, Work


class LicensesReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.rows: list[Subscription] = []

    def pages(self) -> Iterator[RecordPage[Subscription]]:
        return self.work.connector.read_subscriptions()

    def save(self, page: RecordPage[Subscription]) -> Tally:
        self.rows += page.records
        return Tally(kept=len(page.records))

    def share(self) -> float | None:
        return None

    def finish(self, read: CompleteRead) -> Word:
        task = read.work.task
        task.generation += 1
        bulk.save_subscriptions(task.connection_id, task.generation, self.rows)
        task.save(update_fields=["generation"])
        read.work.run.generation, read.work.run.full = task.generation, True
        return Word.COMPLETE
