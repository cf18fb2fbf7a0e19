"""How License Information is read: one page, published as a generation of its own, and when it renews."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import ActAtMicrosoft, ReadAgain, TryLater
from seatkeeper.model import Renewal, Subscription, Word
from seatkeeper.store import bulk
from seatkeeper.sync.work import CompleteRead, Tally, Work


class LicensesReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.rows: list[Subscription] = []
        self.complete = True
        self.renewals: list[Renewal] | None = None

    def pages(self) -> Iterator[RecordPage[Subscription]]:
        yield from self.work.connector.read_subscriptions()
        try:
            self.renewals = self.work.connector.read_renewals()
        except (ActAtMicrosoft, TryLater, ReadAgain) as error:  # useful, but nobody's seat hangs on it
            self.work.note(f"When subscriptions renew was not read; what was known of it stays. {error}")

    def save(self, page: RecordPage[Subscription]) -> Tally:
        self.rows += page.records
        self.complete = self.complete and not page.bad
        return Tally(kept=len(page.records))

    def share(self) -> float | None:
        return None

    def outlook(self) -> str:
        return ""

    def finish(self, read: CompleteRead) -> Word:
        task = read.work.task
        task.generation += 1
        bulk.save_subscriptions(task.connection_id, task.generation, self.rows, complete=self.complete)
        if self.renewals is not None:
            read_at = self.work.connector.vendor_time(self.work.clock)
            bulk.replace_renewals(task.connection_id, self.renewals, read_at)
        task.save(update_fields=["generation"])
        bulk.resolve_unmet(task.connection_id, task.key, read.work.run.pk)
        read.work.run.generation, read.work.run.full = task.generation, True
        return Word.COMPLETE
