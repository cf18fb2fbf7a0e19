"""How sign-ins are read: the stretches that are not proven yet, newest first, in windows of fitting width.

Resume is by window, never by a stored next link: page tokens live minutes. Interrupting costs at most one window.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from seatkeeper.app_uses import AppSignIns, of_kind, to_app_use
from seatkeeper.clock import days, seconds, system_clock
from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.feasibility import Rate
from seatkeeper.errors import NotOffered, PageTokenExpired, Throttled, Unavailable, WindowTooWide
from seatkeeper.failpoints import reach
from seatkeeper.model import Instant, RunStatus, SignIn
from seatkeeper.spans import ReadSpan, Span, last_unbroken, whole_seconds
from seatkeeper.store import bulk
from seatkeeper.store.models import Connection, Coverage, Run
from seatkeeper.sync.coverage import Question, asks_for, number_of, read_ledger
from seatkeeper.sync.kept import LONG_WAIT, NARROWEST, PATIENCE, check_width, find_begin
from seatkeeper.sync.work import CompleteRead, Tally, Work

FIRST_WIDTH = days(1)
WIDEST = days(30)
FEW_PAGES = 60  # a window of no more lets the next be twice as wide: the last page of each is a request for few rows
MANY_PAGES = 120  # a window of more pages makes the next one half as wide: a kill costs a window
TOO_MANY_PAGES = 2 * MANY_PAGES  # a window that promises more is given up for a narrower one
TELLING = 0.5  # pages from which on a window promises anything
DOUBTED = 10  # requests a day for what is proven already: a sign-in may come later than any did before
LOOK_BACK = days(5)  # behind what the run reads anyhow
DAILY = seconds(20 * 3600)  # a daily run is not always a day after the last
SHORTEST = seconds(3600)  # a rate over less time than this says nothing about days
SWEEP_EVERY = days(7)
SWEEP = days(14)  # read again each week: what came up to a week late is met before it is too old for the next sweep


class AccessReading:
    def __init__(self, work: Work) -> None:
        self.work, self.log = work, work.connector.log
        self.window = Span(0, 0)
        self.asked: frozenset[AppSignIns] = frozenset()  # the applications that the window is read for
        self.earlier: Sequence[ReadSpan] = ()  # readings that asked for any of them
        self.asked_at: Instant = 0
        self.width = FIRST_WIDTH
        self.late = self.longest_late = 0
        self.began = self.now()
        self.kind = work.kind.sign_ins
        self.wanted_apps = of_kind(work.connector.wanted, self.kind)
        self.ledger = read_ledger(work.task.connection_id, self.kind)
        self.swept = work.full or not 0 <= self.began - (work.task.full_read_at or 0) <= SWEEP_EVERY
        self.doubted = self.log.retention if work.full else SWEEP if self.swept else 0
        since = 0 if self.swept else work.task.connection.log_since or 0
        self.kept = Span(max(self.began - self.log.retention, since), self.began)
        self.known_since = self.began - self.log.at_least  # nothing is claimed before
        self.begin_known = False
        self.read: set[ReadSpan] = set()  # by this run
        self.untick = ""  # why, where the task is not worth its time
        self.wanted = self.done = 0
        self.rows = self.rows_of_window = 0  # how many sign-ins `done` has, for what is to be expected of the rest

    def now(self) -> Instant:
        """The vendor's time: a wrong clock of ours must not move what we claim to know."""
        return self.work.connector.vendor_time(self.work.clock)

    def pages(self) -> Iterator[RecordPage[SignIn]]:
        if self.work.kind.weighed and self.wanted_apps:
            self.untick = self._weigh()
        if self.untick:
            return
        questions = self._to_ask()
        while questions:
            self.wanted += sum(question.span.end - question.span.start for question in questions)
            for question in reversed(questions):
                yield from self._read_question(question)
            questions = self._ask_more(questions[0].span.start)

    def _weigh(self) -> str:
        """Why nothing is read, and nothing will be until somebody wants it; empty when it is."""
        if Run.objects.filter(task=self.work.task, status=RunStatus.COMPLETE).exists():
            return ""  # it was weighed then, and whoever ticked it since knew
        try:
            rate = self.work.connector.measure_sign_ins(self.wanted_apps, self.began)
        except NotOffered:
            return "this cloud does not offer it."
        if not self.log.is_dear(rate, self.ledger.lateness):
            return ""
        return self.log.forecast(rate, self.ledger.lateness, exact=False)

    def _ask_more(self, oldest: Instant) -> list[Question]:
        """What was proven before this run, and what it read made doubtful: a sign-in came later than any before.

        Also, once a day, as much of the past as a few requests bring, so that the next such sign-in is met soon.
        """
        before = self.ledger.lateness, self.doubted
        self.ledger = read_ledger(self.work.task.connection_id, self.kind)
        if self.done and not self.doubted and oldest > self.began - SWEEP:  # else much was read anyhow
            afford = Rate(self.rows, self.done).span_of(DOUBTED * self.log.page)
            start = oldest - min(LOOK_BACK, afford)
            middle = (start + oldest) // 2
            if not any(r.start <= middle <= r.end and r.read_at > self.began - DAILY for r in self.ledger.readings):
                self.doubted = self.began - start
        return self._to_ask() if (self.ledger.lateness, self.doubted) != before else []

    def _to_ask(self) -> list[Question]:
        """Of each application, what is wanted less what is proven, as far back as the log holds anything.

        Each week the last days are doubted again, and so is where the log begins: the past of a tenant that was just
        upgraded may take days to appear.
        """
        wanted, doubted = self.wanted_apps, self.began - self.doubted
        found = self.ledger.to_ask(self.kept, wanted, doubted, self.read)
        if found and found[0].span.start < self.known_since and not self.begin_known:
            begin = find_begin(self.work.connector, Span(self.began - self.log.retention, self.began))
            self.kept, self.known_since, self.begin_known = Span(begin.start, self.began), begin.end, True
            Connection.objects.filter(pk=self.work.task.connection_id).update(log_since=begin.end)
            found = self.ledger.to_ask(self.kept, wanted, doubted, self.read)
        return found

    def _read_question(self, question: Question) -> Iterator[RecordPage[SignIn]]:
        self.asked, (start, end) = question.asked, question.span
        self.earlier = self.ledger.readings_of(question.asked)
        while end > start:
            self.window = whole_seconds(Span(max(start, end - self.width), end))
            pages = 0
            for page in self._read_window():
                pages += 1
                yield page
            end = self.window.start
            if pages <= FEW_PAGES:
                self.width = min(WIDEST, self.width * 2)
            elif pages > MANY_PAGES:
                self.width = max(NARROWEST, self.width // 2)

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
                # The advice for a window that is refused for ever is a narrower one; a long wait is a wait.
                refused += 1
                if refused > PATIENCE or error.until - system_clock() > LONG_WAIT:
                    raise
                self._narrow(error)
            else:
                if fitting is None:
                    return
                self._begin_anew(fitting)
        raise Unavailable(
            f"{self.log.vendor} did not answer for a window of sign-ins in many tries; the next run goes on there"
        )

    def _narrow(self, error: Exception) -> None:
        start, end = self.window
        check_width(self.log.vendor, self.window, error)
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
        for page in self.work.connector.read_sign_ins(self.asked, start, end):
            yield page
            oldest = min([oldest, *(sign_in.created for sign_in in page.records)])
            read = Rate(self.rows_of_window, end - oldest)
            telling = not page.last and read.sign_ins >= TELLING * self.log.page and end - start > NARROWEST
            if telling and read.within(end - start) > TOO_MANY_PAGES * self.log.page:
                return read.span * FEW_PAGES * self.log.page // read.sign_ins
        return None

    def save(self, page: RecordPage[SignIn]) -> Tally:
        connection = self.work.task.connection_id
        earlier = [r for r in self.earlier if r.start <= self.window.end and self.window.start <= r.end]
        if earlier:
            unknown = bulk.list_unknown(connection, page.records)
            bulk.forget_restamped(connection, unknown)
            self._note_late(unknown, earlier)
        added = bulk.save_sign_ins(connection, page.records)
        self.rows_of_window += len(page.records) + len(page.bad) + page.left_out
        if page.last:
            reach("FP:before-coverage")
            # The window was read to its end; what the vendor may have dropped meanwhile is not claimed.
            start = max(self.window.start, self.known_since + max(0, self.now() - self.began))
            if start < self.window.end:
                read = ReadSpan(start, self.window.end, self.asked_at, number_of(self.asked))
                Coverage.objects.create(
                    connection_id=connection,
                    asked_id=read.asked,
                    run=self.work.run,
                    start=read.start,
                    end=read.end,
                    read_at=read.read_at,
                    late=self.late,
                    longest_late=self.longest_late,
                )
                self.read.add(read)
            self.late = self.longest_late = 0
            self.done += self.window.end - self.window.start
            self.rows += self.rows_of_window
        return Tally(kept=len(page.records), added=added)

    def _note_late(self, unknown: Sequence[SignIn], earlier: Sequence[ReadSpan]) -> None:
        """A sign-in that an earlier reading asked for and did not hold was not visible then: so late it came."""
        for event in unknown:
            missed = [
                reading.read_at
                for reading in earlier
                if reading.start <= event.created <= min(reading.end, reading.read_at)
                and any(asks_for(self.ledger.asked[reading.asked], one) for one in to_app_use(event.app).asked_as)
            ]
            if missed:
                self.late += 1
                self.longest_late = max(self.longest_late, max(missed) - event.created)

    def share(self) -> float | None:
        return min(self.done / max(self.wanted, 1), 0.99)

    def outlook(self) -> str:
        if not self.done:
            return ""
        left = self.log.outlook(Rate(self.rows, self.done), max(0, self.wanted - self.done))
        return f"{left} {self._behind()}".strip()

    def _behind(self) -> str:
        """The arithmetic, when more sign-ins happen than the vendor lets anybody read."""
        if self.done < SHORTEST:
            return ""
        known = last_unbroken(self.ledger.proven(self.wanted_apps))
        lag = self.now() - known.end if known else None
        return self.log.falling_behind(Rate(self.rows, self.done), self.ledger.lateness, lag)

    def finish(self, read: CompleteRead) -> RunStatus:
        if self.untick:
            read.work.note(f"Nothing was read, and the task is unticked: {self.untick} Tick it to read all the same.")
            read.work.task.enabled = False
            read.work.task.save(update_fields=["enabled"])
            return RunStatus.COMPLETE
        read.work.run.full = self.swept
        self.ledger = read_ledger(read.work.task.connection_id, self.kind)
        if self.known_since == self.began:
            read.work.note(
                f"{self.log.vendor}'s log holds no sign-in at all, of anybody to anything, so nothing can be said yet."
            )
        if behind := self._behind():
            read.work.note(behind)
        if self.swept:
            read.work.task.full_read_at = self.began
            read.work.task.save(update_fields=["full_read_at"])
        return RunStatus.COMPLETE
