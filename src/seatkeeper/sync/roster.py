"""How a roster is read: everybody once, then what changed, and everybody again each week.

Every page goes into a generation that nobody sees until the read is complete and published (retire.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import transaction

from seatkeeper.clock import days, seconds
from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import (
    ActAtVendor,
    BrokenAnswer,
    CredentialsRejected,
    DeltaExpired,
    NamesConcealed,
    PageTokenExpired,
    PermissionMissing,
    ReadAgain,
    Unavailable,
)
from seatkeeper.failpoints import reach
from seatkeeper.model import MISSING, Account, Instant, Key, RunStatus, Seat, to_id
from seatkeeper.store import bulk, leases
from seatkeeper.store.models import Subscription
from seatkeeper.store.queries import roster
from seatkeeper.sync import checkpoint, missing, retire
from seatkeeper.sync.checkpoint import ReadInProgress
from seatkeeper.sync.work import CompleteRead, Tally, Work

CHANGES_LIVE = days(6)  # a delta token of the directory lives 7 days
FULL_EVERY = days(7)  # licenseAssignmentStates is not tracked by delta, so everybody is read again each week
RESUME_WITHIN = seconds(3600)  # an older next link is not worth trying
COUNTED_WITHIN = seconds(3600)  # before a full read: older counts are not compared with it
RESTARTS = 3


class RosterReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.task = work.task
        self.checkpoint = checkpoint.load(work.task)
        # Seats follow from the product data too: when that changed, they are worked out again for everybody.
        self.recount = self.checkpoint.data_version != work.connector.data_version
        self.first = work.task.generation == 0
        now, point = work.clock(), self.checkpoint
        full = (
            work.full
            or point.changes_link is None
            or not 0 <= now - point.changes_at <= CHANGES_LIVE  # what lies ahead of us was noted by a wrong clock
            or not 0 <= now - (self.task.full_read_at or 0) <= FULL_EVERY
            or self.recount
        )
        self.reading = self._resume() or self._begin(full=full)

    def _resume(self) -> ReadInProgress | None:
        """Go on with the read of a run that was cut short, if its next link may still live."""
        reading = self.checkpoint.reading
        if reading is None or reading.held or (self.work.full and not reading.full):
            return None
        if reading.link is None and not reading.ended:
            return None
        fresh = 0 <= self.work.clock() - reading.started <= RESUME_WITHIN
        return reading if fresh and reading.data_version == self.work.connector.data_version else None

    def _begin(self, *, full: bool) -> ReadInProgress:
        """Throw away what an earlier read left unpublished, and start a new generation."""
        with transaction.atomic():
            leases.hold(self.task.pk, self.work.fence)
            if self.checkpoint.reading is not None:
                bulk.discard_generation(self.task.connection_id, self.checkpoint.reading.generation)
            self.task.enumeration += 1
            self.checkpoint.reading = ReadInProgress(
                self.task.generation + 1,
                self.task.enumeration,
                full,
                self.work.clock(),
                self.work.connector.data_version,
                first_run=self.work.run.pk,
            )
            checkpoint.save(self.task, self.checkpoint)
            reach("FP:before-new-generation")
        return self.checkpoint.reading

    def pages(self) -> Iterator[RecordPage[Account]]:
        """All pages, then who was on none of them.

        An expired token starts the read anew, with everybody; nothing half read stays.
        """
        for _ in range(RESTARTS):
            try:
                if not self.reading.ended:  # else a run was cut short between the last page and its publishing
                    yield from self._read()
                if missed := self._list_missed_changes():
                    self.work.note(
                        f"The changes brought no seat, yet {self.work.connector.vendor} counts otherwise than before "
                        f"({', '.join(missed)}), so everybody was read."
                    )
                    self.reading = self._begin(full=True)
                    yield from self._read()
            except (PageTokenExpired, DeltaExpired):
                self.reading = self._begin(full=True)
            except NamesConcealed:
                with transaction.atomic():  # nothing of this read is kept
                    leases.hold(self.task.pk, self.work.fence)
                    bulk.discard_generation(self.task.connection_id, self.reading.generation)
                    self.checkpoint.reading = None
                    checkpoint.save(self.task, self.checkpoint)
                raise
            except (ActAtVendor, Unavailable, BrokenAnswer) as error:
                # Changes only save time: whatever refuses them, everybody can be read.
                if self.reading.full or isinstance(error, CredentialsRejected):
                    raise
                self.work.note(f"Changes could not be read, so everybody was. {error}")
                self.reading = self._begin(full=True)
            else:
                break
        else:
            raise Unavailable(
                f"{self.work.connector.vendor} let the page token of the directory expire {RESTARTS} times in a row; "
                "the roster stays as it was, and the next run tries again"
            )
        yield from missing.ask(self.work, self.reading)

    def _read(self) -> Iterator[RecordPage[Account]]:
        reading, connector = self.reading, self.work.connector
        if not reading.full:
            link = reading.link or self.checkpoint.changes_link
            assert link is not None
            return connector.read_changes(link)
        if reading.link is None:
            # Taken before the first page: what changes while we read is told by the next run.
            reading.changes_at = self.work.clock()
            try:
                reading.changes_link = connector.mark_changes()
            except (BrokenAnswer, ReadAgain, Unavailable, PermissionMissing) as error:
                reading.changes_link = None  # then the next run reads everybody again
                self.work.note(f"The next run reads everybody again: changes cannot be asked for. {error}")
        return connector.read_roster(reading.link)

    def _list_missed_changes(self) -> list[str]:
        """What contradicts changes that brought or ended no seat: the tenant's own counts, where those have moved.

        The list of changes was seen to stay silent for days. Counts differ from ours at all times (who was deleted may
        still count), so only a difference that is not the one noted before says anything; a full read notes it anew.
        """
        if self.reading.full or self.reading.moved:
            return []
        now, before = self._difference(self.checkpoint.changes_at), self.checkpoint.difference
        if now is None or before is None:
            return []
        changed = sorted(sku for sku in now.keys() | before.keys() if now.get(sku, 0) != before.get(sku, 0))
        names = {to_id(bytes(row.sku)): row.part_number for row in self._list_counts()[1]} if changed else {}
        return [f"{names.get(sku) or sku}: {now.get(sku, 0) - before.get(sku, 0):+}" for sku in changed]

    def _difference(self, since: Instant) -> dict[str, int] | None:
        """What the tenant counts as assigned of each SKU, less what we do; None where its counts are older."""
        counted_at, counts = self._list_counts()
        if counted_at is None or counted_at < since:
            return None
        ours, watched = bulk.count_current_seats(self.task.connection_id), self.work.connector.seat_skus
        theirs = {key: row.consumed for row in counts if (key := bytes(row.sku)) in watched}
        return {to_id(key): number - ours.get(key, 0) for key, number in theirs.items()}

    def _list_counts(self) -> tuple[Instant | None, list[Subscription]]:
        connection = self.task.connection_id
        generation, read_at = roster.generation_at(connection, "licenses", self.work.clock() + 1)
        return read_at, roster.list_subscriptions(connection, generation)

    def save(self, page: RecordPage[Account]) -> Tally:
        tally = self._save_accounts(page.records)
        tally.gone = retire.stage_removed(self.task.connection_id, self.reading.generation, page.removed)
        if page.bad and self.reading.full:
            named = [self.work.connector.to_account_key(row.raw) for row in page.bad]
            retire.stage_quarantined(self.task.connection_id, self.reading, named)
        reach("FP:before-checkpoint")
        self.reading.link, self.reading.ended = page.link, page.last
        self.reading.read += len(page.records)
        self.reading.moved |= bool(page.removed)
        if page.changes_link is not None:
            self.reading.changes_link, self.reading.changes_at = page.changes_link, self.work.clock()
        checkpoint.save(self.task, self.checkpoint)
        return tally

    def _save_accounts(self, accounts: Sequence[Account]) -> Tally:
        """Sort a page into new, changed and unchanged accounts, and write what that asks for."""
        connection, generation = self.task.connection_id, self.reading.generation
        inserted = self._insert_first(accounts) if self.first else 0
        if inserted == len(accounts):
            return Tally(kept=inserted, added=inserted)
        known = bulk.list_current_accounts(connection, list({account.key for account in accounts}), generation)
        final = self._merge_page(accounts, known)
        new, rewritten, closing, same = [], [], [], []
        for key, account in final.items():
            found = known.get(key)
            if found is None:
                new.append(account)
                continue
            row, since, current = found
            if account == current:
                same.append(row)
            elif since == generation:
                rewritten.append((row, account))
            else:
                closing.append(row)
                new.append(account)
        bulk.close_accounts(closing, generation)
        bulk.insert_accounts(connection, generation, self.reading.enumeration, self.work.clock(), new)
        bulk.rewrite_accounts(rewritten, self.reading.enumeration)
        if self.reading.full:
            bulk.mark_seen(same, self.reading.enumeration)
        touched = final.values() if self.recount or self.first else [*new, *(account for _row, account in rewritten)]
        self._save_seats([a for a in touched if a.licensing or a.key not in known or known[a.key][2].licensing])
        return Tally(kept=len(accounts), added=inserted + len(new) - len(closing), changed=len(closing))

    def _insert_first(self, accounts: Sequence[Account]) -> int:
        """While there is no earlier generation, a page of accounts not met before is simply inserted."""
        connection, generation = self.task.connection_id, self.reading.generation
        fresh = list(self._merge_page(accounts, {}).values())
        inserted = bulk.insert_unknown_accounts(
            connection, generation, self.reading.enumeration, self.work.clock(), fresh
        )
        if inserted == len(accounts):
            self._save_seats([account for account in fresh if account.licensing])
        return inserted

    def _merge_page(
        self, accounts: Sequence[Account], known: dict[Key, tuple[int, int, Account]]
    ) -> dict[Key, Account]:
        """What holds after the page for each account: the same one may come several times, and the last one wins."""
        final: dict[Key, Account] = {}
        merge = self.work.connector.merge_account
        for account in accounts:
            before = final.get(account.key)
            if before is None and account.key in known:
                before = known[account.key][2]
            if before is not None:
                final[account.key] = merge(before, account)
            elif MISSING in account:
                # Met for the first time: what the vendor did not send is unknown, which the store keeps as null.
                final[account.key] = Account._make(None if value is MISSING else value for value in account)
            else:
                final[account.key] = account
        return final

    def _save_seats(self, accounts: Sequence[Account]) -> None:
        if not accounts:
            return
        connection, generation = self.task.connection_id, self.reading.generation
        known = bulk.list_current_seats(connection, [account.key for account in accounts])
        closing: list[int] = []
        opening: list[Seat] = []
        for account in accounts:
            wanted = {(seat.sku, seat.product): seat for seat in self.work.connector.to_seats(account)}
            for row, _since, seat in known.get(account.key, ()):
                if wanted.get((seat.sku, seat.product)) == seat:
                    del wanted[seat.sku, seat.product]
                else:
                    closing.append(row)
            opening += wanted.values()
        self.reading.moved |= bool(closing or opening)
        bulk.close_seats(closing, generation)
        bulk.insert_seats(connection, generation, opening)

    def share(self) -> float | None:
        return min(self.reading.read / self.checkpoint.accounts, 0.99) if self.checkpoint.accounts else None

    def outlook(self) -> str:
        return ""

    def finish(self, read: CompleteRead) -> RunStatus:
        status = retire.publish(read, self.reading)
        if status is RunStatus.COMPLETE:
            if self.reading.full:
                self.checkpoint.difference = self._difference(self.reading.started - COUNTED_WITHIN)
            elif self.checkpoint.difference is None and not self.reading.moved:
                self.checkpoint.difference = self._difference(self.checkpoint.changes_at)
            checkpoint.conclude(self.task, self.checkpoint, self.reading)
        else:
            checkpoint.save(self.task, self.checkpoint)
        return status
