"""How sign-ins are read: the stretches that are not proven yet, newest first, in windows of fitting width.

Resume is by window, never by a stored next link: page tokens live minutes. Interrupting costs at most one window.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.connectors import feasibility
from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.feasibility import PAGE, Rate
from seatkeeper.errors import PageTokenExpired, Throttled, Unavailable, WindowTooWide
from seatkeeper.failpoints import reach
from seatkeeper.model import Instant, SignIn, Word
from seatkeeper.spans import RETENTION, Span, last_unbroken, lateness_of, proven, subtract, whole_seconds
from seatkeeper.store import bulk
from seatkeeper.store.listing import list_coverage, longest_late
from seatkeeper.store.models import Coverage
from seatkeeper.sync.work import CompleteRead, Tally, Work

FIRST_WIDTH = days(1)
WIDEST = days(30)
NARROWEST = seconds(60)
FEW_PAGES = 20  # a window of no more lets the next be twice as wide: the last page of each is a request for few rows
MANY_PAGES = 40  # a window of more pages makes the next one half as wide: a kill costs a window
TOO_MANY = 2 * MANY_PAGES * PAGE  # sign-ins: a window that promises more is given up for a narrower one
TELLING = PAGE // 2  # sign-ins from which on a window promises anything
PATIENCE = 3
LONG_WAIT = seconds(120)


SHORTEST = seconds(3600)  # a rate over less time than this says nothing about days
SWEEP_EVERY = days(7)
SWEEP = days(14)  # read again each week: what came up to a week late is met before it is too old for the next sweep


class AccessReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.window = Span(0, 0)
        self.asked_at: Instant = 0
        self.width = FIRST_WIDTH
        self.late = self.longest_late = 0
        self.began = self.now()
        connection, stream = work.task.connection_id, work.connector.stream
        self.readings = list_coverage(connection, stream)
        self.lateness = lateness_of(longest_late(connection, stream))
        self.gaps = self._to_read()
        self.wanted = sum(gap.end - gap.start for gap in self.gaps) or 1
        self.done = 0
        self.rows = self.rows_of_window = 0  # how many sign-ins `done` has, for what is to be expected of the rest

    def _to_read(self) -> list[Span]:
        """What is wanted less what is proven; each week, the last days are doubted once more."""
        now = self.began
        self.swept = self.work.full or not 0 <= now - (self.work.task.full_read_at or 0) <= SWEEP_EVERY
        doubted = RETENTION if self.work.full else SWEEP if self.swept else 0
        sure = [Span(span.start, min(span.end, now - doubted)) for span in proven(self.readings, self.lateness)]
        return subtract(Span(now - RETENTION, now), sure)

    def now(self) -> Instant:
        """The vendor's time: a wrong clock of ours must not move what we claim to know."""
        return self.work.connector.vendor_time(self.work.clock)

    def pages(self) -> Iterator[RecordPage[SignIn]]:
        for gap in reversed(self.gaps):
            end = gap.end
            while end > gap.start:
                self.window = whole_seconds(Span(max(gap.start, end - self.width), end))
                pages = 0
                for page in self._read_window():
                    pages += 1
                    yield page
                end = self.window.start
                self._fit_width(pages)

    def _read_window(self) -> Iterator[RecordPage[SignIn]]:
        """All pages of the window; when its token expires it is read anew, when it is too wide it is narrowed."""
        refused = 0
        for _ in range(PATIENCE * 12):
            self.asked_at, self.rows_of_window = self.now(), 0
            try:
                fitting = yield from self._read_while_few()
            except (WindowTooWide, PageTokenExpired) as error:
                self._narrow(error)
            except Throttled as error:
                # Microsoft's advice for a window that is refused for ever is a narrower one; a long wait is a wait.
                refused += 1
                if refused > PATIENCE or error.until - system_clock() > LONG_WAIT:
                    raise
                self._narrow(error)
            else:
                if fitting is None:
                    return
                self._begin_anew(fitting)
        raise Unavailable("Microsoft did not answer for a window of sign-ins in many tries; the next run goes on there")

    def _narrow(self, error: Exception) -> None:
        start, end = self.window
        if end - start <= NARROWEST:
            raise Unavailable(
                "Microsoft could not answer even for one minute of sign-ins; the next run goes on there"
            ) from error
        self._begin_anew((end - start) // 2)

    def _begin_anew(self, width: Instant) -> None:
        end = self.window.end
        self.width = max(NARROWEST, width)
        self.window = whole_seconds(Span(end - self.width, end))

    def _read_while_few(self) -> Generator[RecordPage[SignIn], None, Instant | None]:
        """None when all pages were read; else the width of a window that seems to hold FEW_PAGES.

        The log tells the newest first, so what was read says how many are still to come. Were it otherwise, they would
        seem fewer: then the window is read to its end, however long it takes.
        """
        start, end = self.window
        oldest = end
        for page in self.work.connector.read_sign_ins(start, end):
            yield page
            oldest = min([oldest, *(sign_in.created for sign_in in page.records)])
            read = Rate(self.rows_of_window, end - oldest)
            telling = not page.last and read.sign_ins >= TELLING and end - start > NARROWEST
            if telling and read.within(end - start) > TOO_MANY:
                return read.span * FEW_PAGES * PAGE // read.sign_ins
        return None

    def _fit_width(self, pages: int) -> None:
        if pages <= FEW_PAGES:
            self.width = min(WIDEST, self.width * 2)
        elif pages > MANY_PAGES:
            self.width = max(NARROWEST, self.width // 2)

    def save(self, page: RecordPage[SignIn]) -> Tally:
        connection = self.work.task.connection_id
        if any(span.start <= self.window.end and self.window.start <= span.end for span in self.readings):
            unknown = bulk.list_unknown(connection, page.records)
            bulk.forget_restamped(connection, unknown)
            self._note_late(unknown)
        added = bulk.save_sign_ins(connection, page.records)
        self.rows_of_window += len(page.records) + len(page.bad) + page.left_out
        if page.last:
            reach("FP:before-coverage")
            self._cover()
        return Tally(kept=len(page.records), added=added)

    def _note_late(self, unknown: Sequence[SignIn]) -> None:
        """A sign-in that an earlier reading did not hold was not visible then: so late it came, at least."""
        for event in unknown:
            missed = [r.read_at for r in self.readings if r.start <= event.created <= min(r.end, r.read_at)]
            if missed:
                self.late += 1
                self.longest_late = max(self.longest_late, max(missed) - event.created)

    def _cover(self) -> None:
        """The window was read to its end; what the vendor may have dropped meanwhile is not claimed."""
        start = max(self.window.start, self.now() - RETENTION)
        if start < self.window.end:
            Coverage.objects.create(
                connection_id=self.work.task.connection_id,
                stream=self.work.connector.stream,
                run=self.work.run,
                start=start,
                end=self.window.end,
                read_at=self.asked_at,
                late=self.late,
                longest_late=self.longest_late,
            )
        self.late = self.longest_late = 0
        self.done += self.window.end - self.window.start
        self.rows += self.rows_of_window

    def share(self) -> float | None:
        return min(self.done / self.wanted, 0.99)

    def outlook(self) -> str:
        if not self.done:
            return ""
        left = feasibility.outlook(Rate(self.rows, self.done), max(0, self.wanted - self.done))
        return f"{left} {self._behind()}".strip()

    def _behind(self) -> str:
        """The arithmetic, when more sign-ins happen than Microsoft lets anybody read."""
        if self.done < SHORTEST:
            return ""
        known = last_unbroken(proven(self.readings, self.lateness))
        lag = self.now() - known.end if known else None
        return feasibility.falling_behind(Rate(self.rows, self.done), self.lateness, lag)

    def finish(self, read: CompleteRead) -> Word:
        read.work.run.full = self.swept
        self.readings = list_coverage(read.work.task.connection_id, read.work.connector.stream)
        if behind := self._behind():
            read.work.note(behind)
        if self.swept:
            read.work.task.full_read_at = self.began
            read.work.task.save(update_fields=["full_read_at"])
        return Word.COMPLETE
