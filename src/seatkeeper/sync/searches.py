"""How what a vendor has to look for is read: start a search, wait a little, read what was found.

The search is the vendor's, and outlives the run: its id is saved before anybody waits for it, so a run that was killed
or has waited long enough leaves it to the next. Each record is true by itself, so what is read twice harms nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from seatkeeper.clock import days
from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import NotReady, SearchLost, Unavailable
from seatkeeper.model import Instant, Key, LastUse, RunStatus
from seatkeeper.store import bulk
from seatkeeper.store.models import Run, Task
from seatkeeper.store.queries import roster
from seatkeeper.sync.signals import FAR, SignalReading
from seatkeeper.sync.work import CompleteRead, Tally, Work

LOOK_BACK: Final = days(180)  # what is not kept for so long is not found; audit logs of most licences end there
OVERLAP: Final = days(7)  # records come late, mostly by hours
POLLS: Final = 6  # how often a run asks whether the search has ended; the connector paces it
STUCK: Final = days(2)  # a search that takes longer never ends
SLACK: Final = days(1)  # runs note when they were by our clock, which may be wrong by hours


class Search(msgspec.Struct):
    """A search under way: what it looks for, and where in time."""

    id: str
    wanted: list[str]
    start: Instant
    end: Instant
    anew: bool = False  # whether another for the same was lost


class Checkpoint(msgspec.Struct):
    """Up to when events of the `wanted` kinds were looked for, and the search under way."""

    until: Instant = 0
    wanted: list[str] = []
    search: Search | None = None


def forget_progress(task: Task) -> None:
    """The next search is for all the time, and no other is gone on with."""
    task.checkpoint = None
    task.save(update_fields=["checkpoint"])


class Bearer(NamedTuple):
    """An account that had a name, and the time outside of which it surely had not."""

    account: Key
    start: Instant
    end: Instant


class SearchReading(SignalReading):
    """Reads what a vendor's audit log is searched for. What a search does not find again is not gone."""

    whole = False

    def __init__(self, work: Work) -> None:
        super().__init__(work)
        told = work.task.checkpoint
        self.checkpoint = msgspec.json.decode(told, type=Checkpoint) if told else Checkpoint()
        self.left_out = 0

    def pages(self) -> Iterator[RecordPage[LastUse]]:
        if self.checkpoint.search is None and not self._start():
            return  # nothing that is watched shows there
        yield RecordPage([], [])  # saves the search before anybody waits for it
        while (search := self.checkpoint.search) is not None:
            try:
                self._wait(search)
                yield from self.work.connector.read_search(search.id)
                break
            except SearchLost as error:
                self.checkpoint.search = None
                if not search.anew:
                    self._start(anew=True)
                yield RecordPage([], [])
                if search.anew:
                    raise Unavailable(
                        f"{self.work.connector.vendor} gave up the search of its audit log twice. The next run asks "
                        "for another.",
                        detail=error.detail,
                    ) from None

    def _start(self, *, anew: bool = False) -> bool:
        """Ask for what was not looked for yet, and for the last days again; whether there is anything to ask for."""
        connector, known = self.work.connector, self.checkpoint
        wanted = list(connector.list_searched())
        if not wanted:
            return False
        oldest = self.began - LOOK_BACK
        followed = not self.work.full and set(wanted) <= set(known.wanted)
        start = max(oldest, known.until - OVERLAP) if followed else oldest
        if not followed:
            self.work.task.full_read_at = None  # of what is looked for anew, nothing is known to its end
        found = connector.start_search(wanted, start, self.began)
        known.search = Search(found, wanted, start, self.began, anew)
        return True

    def _wait(self, search: Search) -> None:
        """Until the search has ended. Raises NotReady, and SearchLost for one that failed, is gone or never ends."""
        for _ in range(POLLS):
            found = self.work.connector.look_at(search.id)
            if found.note:
                self.work.note(found.note)
            if found.ended:
                return
            if self.began - search.end > STUCK:
                raise SearchLost("The search does not end.")
            self.work.check_stop()
        raise NotReady(
            f"{self.work.connector.vendor} is still searching its audit log, which may take hours. The next run goes "
            "on with the same search."
        )

    def save(self, page: RecordPage[LastUse]) -> Tally:
        self.left_out += page.left_out
        self._save_checkpoint()
        return super().save(page)

    def _save_checkpoint(self) -> None:
        self.work.task.checkpoint = msgspec.json.encode(self.checkpoint).decode()
        self.work.task.save(update_fields=["checkpoint", "full_read_at"])

    def _join(self, row: LastUse | None) -> LastUse | None:
        """By who had the name at the moment of the event; where that may have been two, it is nobody's."""
        if row is None:
            return None
        assert isinstance(row.account, str)
        assert row.last is not None
        name, at = row.account.casefold(), row.last
        had = {one.account for one in self._bearers.get(name, ()) if one.start <= at <= one.end}
        if len(had) != 1:
            self.strangers.add(name)
            return None
        return row._replace(account=had.pop())

    @cached_property
    def _bearers(self) -> dict[str, list[Bearer]]:
        """Who had which name, in lower case. Between two rosters somebody may have had the one or the other."""
        connection = self.work.task.connection_id
        runs = Run.objects.filter(task__connection_id=connection, task__key="roster", status=RunStatus.COMPLETE)
        read = list(runs.filter(generation__gt=0).order_by("generation").values_list("generation", "started", "ended"))
        generations = [generation for generation, _started, _ended in read]
        found: dict[str, list[Bearer]] = {}
        for account, name, created, since, until in roster.stream_bearers(connection):
            first, last = bisect_left(generations, since), bisect_left(generations, until)
            start = read[first - 1][1] - SLACK if first else 0
            end = (read[last][2] or FAR) + SLACK if last < len(read) else FAR
            found.setdefault(name.casefold(), []).append(Bearer(account, max(start, created or 0), end))
        return found

    def keep(self, rows: list[LastUse]) -> int:
        task = self.work.task
        newer = bulk.list_newer(task.connection_id, task.key, rows)
        return bulk.save_last_uses(task.connection_id, task.key, newer, self.began)

    def share(self) -> float | None:
        return None

    def finish(self, read: CompleteRead) -> RunStatus:
        status = super().finish(read)
        if (search := self.checkpoint.search) is not None:
            task = read.work.task
            self.checkpoint, task.full_read_at = Checkpoint(search.end, search.wanted), search.end
            task.save(update_fields=["full_read_at"])
            self._save_checkpoint()
            read.work.run.full = search.end - search.start >= LOOK_BACK
        if self.left_out:
            read.work.note(f"Left out: {self.left_out:,} records of systems, applications and operators.")
        return status
