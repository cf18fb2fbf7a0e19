"""How the groups that give licences are read: those that the roster names, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seatkeeper.connectors.base import Group, RecordPage
from seatkeeper.connectors.catalog import find_vendor
from seatkeeper.model import Key, RunStatus
from seatkeeper.store import bulk
from seatkeeper.store.models import Task
from seatkeeper.store.queries import roster
from seatkeeper.sync.work import CompleteRead, Tally, Work

NO_ROSTER: Final = "The roster was not read yet, so nobody knows which groups give licences: run it first."


class GroupsReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        connection = work.task.connection
        task = Task.objects.filter(connection=connection, key="roster").first()
        self.generation = task.generation if task else 0
        list_groups = find_vendor(connection.vendor).list_groups
        said = roster.list_licensing(connection.pk, self.generation)
        self.asked: list[Key] = sorted({group for text in said for _sku, group in list_groups(text)})
        self.read = 0

    def pages(self) -> Iterator[RecordPage[Group]]:
        yield from self.work.connector.read_groups(self.asked)

    def save(self, page: RecordPage[Group]) -> Tally:
        now = self.work.connector.vendor_time(self.work.clock)
        added = bulk.save_groups(self.work.task.connection_id, page.records, page.removed, now)
        self.read += len(page.records) + len(page.removed)
        return Tally(kept=len(page.records), added=added, gone=len(page.removed))

    def share(self) -> float | None:
        return min(self.read / len(self.asked), 0.99) if self.asked else None

    def outlook(self) -> str:
        return ""

    def finish(self, read: CompleteRead) -> RunStatus:
        task = read.work.task
        bulk.forget_groups(task.connection_id, self.asked)
        bulk.resolve_unmet(task.connection_id, task.key, read.work.run.pk)
        if not self.generation:
            read.work.note(NO_ROSTER)
        read.work.run.full = True
        return RunStatus.COMPLETE
