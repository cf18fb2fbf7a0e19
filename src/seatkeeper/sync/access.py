"""How sign-ins are read: the stretches that are not proven yet, newest first, in windows of fitting width.

Resume is by window, never by a stored next link: page tokens live minutes. Interrupting costs at most one window.
"""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.clock import days, seconds
from seatkeeper.connectors.base import RecordPage
from seatkeeper.errors import PageTokenExpired, Unavailable, WindowTooWide
from seatkeeper.failpoints import reach
from seatkeeper.model import Instant, SignIn, Word
from seatkeeper.spans import RETENTION, Span, proven, subtract, whole_seconds
from seatkeeper.store import bulk
from seatkeeper.store.listing import list_coverage
from seatkeeper.store.models import Coverage
from seatkeeper.sync.work import CompleteRead, Tally, Work

FIRST_WIDTH = days(1)
WIDEST = days(30)
NARROWEST = seconds(60)
FEW_PAGES = 2  # a window of no more pages lets the next one be twice as wide
MANY_PAGES = 40  # a window of more pages makes the next one half as wide
PATIENCE = 3


class AccessReading:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.window = Span(0, 0)
        self.asked_at: Instant = 0
        self.width = FIRST_WIDTH
        readings = list_coverage(work.task.connection_id, work.connector.stream)
        now = self.now()
        self.read_before = [Span(r.start, r.end) for r in readings]
        self.gaps = subtract(Span(now - RETENTION, now), proven(readings))
        self.wanted = sum(gap.end - gap.start for gap in self.gaps) or 1
        self.done = 0

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
        """All pages of the window; when its token expires it is read anew, when it is too wide it is halved."""
        for _ in range(PATIENCE * 12):
            self.asked_at = self.now()
            try:
                yield from self.work.connector.read_sign_ins(*self.window)
            except (WindowTooWide, PageTokenExpired) as error:
                self._narrow(error)
            else:
                return
        raise Unavailable("Microsoft did not answer for a window of sign-ins in many tries; the next run goes on there")

    def _narrow(self, error: Exception) -> None:
        start, end = self.window
        if end - start <= NARROWEST:
            raise Unavailable(
                "Microsoft could not answer even for one minute of sign-ins; the next run goes on there"
            ) from error
        self.width = max(NARROWEST, (end - start) // 2)
        self.window = whole_seconds(Span(end - self.width, end))

    def _fit_width(self, pages: int) -> None:
        if pages <= FEW_PAGES:
            self.width = min(WIDEST, self.width * 2)
        elif pages > MANY_PAGES:
            self.width = max(NARROWEST, self.width // 2)

    def save(self, page: RecordPage[SignIn]) -> Tally:
        again = any(span.start <= self.window.end and self.window.start <= span.end for span in self.read_before)
        added = bulk.save_sign_ins(self.work.task.connection_id, page.records, read_before=again)
        reach("FP:before-coverage")
        if page.last:
            self._cover()
        return Tally(kept=len(page.records), added=added)

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
            )
        self.done += self.window.end - self.window.start

    def share(self) -> float | None:
        return min(self.done / self.wanted, 0.99)

    def finish(self, read: CompleteRead) -> Word:
        read.work.run.full = False
        return Word.COMPLETE
