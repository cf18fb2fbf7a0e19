"""How License Information is read: one page, published as a generation of its own, and when it renews."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import ActAtVendor, ReadAgain, TryLater
from seatkeeper.model import Renewal, RunStatus, Subscription, to_id
from seatkeeper.store import bulk
from seatkeeper.sync.work import CompleteRead, Tally, Work

COUNTS = ("enabled", "warning", "suspended", "locked_out", "consumed")


class LicensesReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.rows: list[Subscription] = []
        self.complete = True
        self.renewals: RecordPage[Renewal] | None = None

    def pages(self) -> Iterator[RecordPage[Subscription]]:
        yield from self.work.connector.read_subscriptions()
        try:
            self.renewals = self.work.connector.read_renewals()
        except (ActAtVendor, TryLater, ReadAgain) as error:  # useful, but nobody's seat hangs on it
            self.work.note(f"When subscriptions renew was not read; what was known of it stays. {error}")
        else:
            if self.renewals.bad:
                yield RecordPage([], self.renewals.bad)

    def save(self, page: RecordPage[Subscription]) -> Tally:
        for row in page.records:
            self._add(row)
        if self.renewals is None:
            self.complete = self.complete and not page.bad
        return Tally(kept=len(page.records))

    def _add(self, row: Subscription) -> None:
        """A SKU that is listed twice has what both say: the vendor so lists what was bought in two ways."""
        same = next((place for place, known in enumerate(self.rows) if known.sku == row.sku), None)
        if same is None:
            self.rows.append(row)
            return
        known = self.rows[same]
        numbers = {name: getattr(known, name) + getattr(row, name) for name in COUNTS}
        plans = sorted({plan for text in (known.plans, row.plans) for plan in text.split(",") if plan})
        self.rows[same] = known._replace(**numbers, plans=",".join(plans))
        self.work.note(f"{row.part_number or to_id(row.sku)} is listed twice; what both say was added up.")

    def share(self) -> float | None:
        return None

    def outlook(self) -> str:
        return ""

    def finish(self, read: CompleteRead) -> RunStatus:
        task = read.work.task
        task.generation += 1
        bulk.save_subscriptions(task.connection_id, task.generation, self.rows, complete=self.complete)
        if self.renewals is not None:
            read_at = self.work.connector.vendor_time(self.work.clock)
            complete = not self.renewals.bad
            bulk.save_renewals(task.connection_id, self.renewals.records, read_at, complete=complete)
        task.save(update_fields=["generation"])
        bulk.resolve_unmet(task.connection_id, task.key, read.work.run.pk)
        read.work.run.generation, read.work.run.full = task.generation, True
        return RunStatus.COMPLETE
