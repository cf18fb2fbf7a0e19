"""Runs, kills, faults and second processes in any order, with the tenant as the model of what is true."""

from __future__ import annotations

import gc
from collections import Counter
from contextlib import ExitStack
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seatkeeper import failpoints
from seatkeeper.connectors.catalog import name_tasks
from seatkeeper.model import Instant, RunStatus, to_instant
from seatkeeper.reporting import refresh
from seatkeeper.reporting.refresh import refresh_all
from seatkeeper.sandbox.world.truth import truth
from seatkeeper.services import runs
from seatkeeper.services.applications import add_application
from seatkeeper.services.members import operator
from seatkeeper.store import leases
from seatkeeper.store import models as tables
from seatkeeper.sync import checkpoint
from tests.crash.ways import failpoints as list_failpoints
from tests.people import NAME, Quiet
from tests.property.events import Log
from tests.property.promises import PROMISES, Roster, Seen, every_reader_is_told_the_same, look, say_roster, writes
from tests.property.source import Source, empty_database, read_from

SEARCH = "audit-events"
TASK = st.sampled_from(sorted(name_tasks()))
FAULTS = ("empty-page", "truncated-roster=1", "truncated-roster=2", "server-error=0", "server-error=3", "late=all")
TAKEN: Counter[str] = Counter()  # how often each rule was taken, and how runs ended, over all examples


class TakenOver(Quiet):
    """After so many pages, another process takes the task, as if ours had slept beyond its lease."""

    def __init__(self, task: tables.Task, pages: int) -> None:
        self.task, self.pages = task, pages

    def tell(self, *_: object) -> None:
        self.pages -= 1
        if self.pages == 0:
            tables.Task.objects.filter(pk=self.task.pk).update(fence=99_999, lease_owner="elsewhere:1:1")


class Machine(RuleBasedStateMachine):
    @initialize(seed=st.integers(1, 10_000), late=st.sampled_from(("on", "all", "off")))
    def begin(self, seed: int, late: str) -> None:
        empty_database()
        self.source, self.who = Source(seed), operator()
        self.source.tenant.log.late = late
        self.log = Log(self.source)
        self.world = ExitStack()
        self.world.enter_context(read_from(self.source))
        self.world.enter_context(patch.object(refresh, "refresh_all"))  # see open_the_pages
        add_application(self.who, self.source.new_application(NAME))
        self.application = tables.Application.objects.get()
        self.news = False  # since the pages were opened last
        self.roster: Roster = {}
        self.seen: tuple[int, ...] = ()  # when the promises were looked at last
        self.mixed = self.truncated = False
        self.held_at: dict[int, Instant] = {}  # of each held run, the moment whose roster it holds
        self.cut: set[int] = set()  # enumerations of which the vendor left something out

    def teardown(self) -> None:
        gc.collect()
        failpoints.arm("")
        if hasattr(self, "world"):
            self.world.close()

    # --- what happens ---------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from((0, 1, 7, 25, 26, 80, 170, 26 * 24, 40 * 24)))
    def move(self, hours: int) -> None:
        self.count("move")
        self.source.move(hours)

    @rule(task=st.none() | TASK, full=st.booleans())
    def sync(self, task: str | None, full: bool) -> None:
        self.count("sync")
        self.run(Quiet(), task, full=full)

    @rule(name=st.sampled_from(list_failpoints()), nth=st.integers(1, 4), full=st.booleans())
    def kill(self, name: str, nth: int, full: bool) -> None:
        failpoints.arm(f"{name}@{nth}=error")
        try:
            self.run(Quiet(), None, full=full)
        except failpoints.Reached:
            self.count("kill")
        finally:
            failpoints.arm("")

    @rule(task=TASK, pages=st.integers(1, 4))
    def lose_the_lease(self, task: str, pages: int) -> None:
        row = tables.Task.objects.get(key=task)
        (result,) = self.run(TakenOver(row, pages), task)
        if tables.Task.objects.get(pk=row.pk).fence == 99_999:
            self.count("lose the lease")
            assert result.exit_code in (4, 5)
            leases.release(row.pk, 99_999)

    @rule(task=TASK)
    def start_a_second_process(self, task: str) -> None:
        self.count("second process")
        row = tables.Task.objects.get(key=task)
        fence = leases.claim(row.pk, "elsewhere:1:1")
        assert fence is not None
        (result,) = self.run(Quiet(), task)
        assert (result.run, result.exit_code) == (None, 5)
        leases.release(row.pk, fence)

    @rule(fault=st.sampled_from(FAULTS))
    def break_something(self, fault: str) -> None:
        self.count("fault")
        name, _, value = fault.partition("=")
        if name == "late":
            self.source.tenant.log.late = value
        else:
            self.source.tenant.faults._answered = 0
            self.source.tenant.switch_on(name, value)

    @precondition(lambda self: self.source.tenant.faults.active)
    @rule()
    def mend(self) -> None:
        self.count("mend")
        self.source.tenant.switch_off()

    @precondition(lambda self: self.held_at and tables.Run.objects.filter(status=RunStatus.HELD).exists())
    @rule(discard=st.booleans())
    def decide(self, discard: bool) -> None:
        """The newest held run, if no newer read took its place; only a truthful one is confirmed."""
        run = tables.Run.objects.filter(status=RunStatus.HELD).latest("id")
        if tables.Run.objects.filter(task=run.task).latest("id") != run:
            return
        self.count("decide")
        self.news = True
        if (
            discard
            or run.task.enumeration in self.cut
            or self.mixed
            or self.truncated
            or self.held_at[run.pk] != self.source.now
        ):
            runs.discard_run(self.who, run.pk)
        else:
            runs.confirm_run(self.who, run.pk)
            self.roster = self.true_roster()

    @precondition(lambda self: self.news)
    @rule()
    def open_the_pages(self) -> None:
        """They are drawn after each run; here only when somebody looks, because it takes as long as the run."""
        self.count("pages")
        refresh_all(self.application.connection_id, self.source.clock)
        every_reader_is_told_the_same(self.who, self.look())
        self.news = False

    # --- how it is followed -----------------------------------------------------------------------------------------

    def count(self, what: str) -> None:
        TAKEN[what] += 1

    @property
    def broken(self) -> bool:
        return any(name != "empty-page" for name in self.source.tenant.faults.active)

    def run(self, progress: Quiet, task: str | None, *, full: bool = False) -> list[runs.TaskResult]:
        """One command; a roster that was read to its end at one moment is the truth of that moment."""
        request = runs.SyncRequest(NAME, [task] if task else (), full)
        before = tables.Task.objects.get(key="roster")
        results = []
        try:
            for result in runs.sync(self.who, request, progress, clock=self.source.clock):
                results.append(result)
                TAKEN[result.run.status if result.run else "refused"] += 1
        finally:
            self.news = True
            self.follow(before)
        if not self.broken and not failpoints._Armed.name and type(progress) is Quiet:
            # A search of the audit log takes the vendor minutes: a run that cannot wait for it goes on later.
            going_on = [r for r in results if r.exit_code or (r.run and r.run.status != RunStatus.COMPLETE)]
            assert all(r.run is None or r.run.status == RunStatus.HELD or r.kind.key == SEARCH for r in going_on)
        return results

    def follow(self, before: tables.Task) -> None:
        task = tables.Task.objects.get(key="roster")
        newest = tables.Run.objects.filter(task=task).order_by("-id").first()
        reading = checkpoint.load(before).reading
        if newest and newest.status == RunStatus.HELD:
            self.held_at.setdefault(newest.pk, reading.started if reading else self.source.now)
        if "truncated-roster" in self.source.tenant.faults.active:
            self.cut.add(task.enumeration)
        if task.generation == before.generation:
            return
        assert newest
        assert task.generation == before.generation + 1
        # A read that goes on at another moment than it began: the next one tells what changed in between.
        self.mixed = reading is not None and reading.started != self.source.now
        # Of a first read nobody can tell that the vendor cut it short: that shows with the next full one.
        if newest.full:
            self.truncated = task.enumeration in self.cut and (self.truncated or not before.generation)
        self.roster = self.said_roster() if self.mixed or self.truncated else self.true_roster()

    def true_roster(self) -> Roster:
        return {
            row["object_id"]: (row["user_id"], row["email"] or "", to_instant(row["active_date"]), row["blocked"])
            for row in truth(self.source.tenant)["roster"]
        }

    def look(self) -> Seen:
        return look(self.application, self.log, self.roster)

    def said_roster(self) -> Roster:
        return say_roster(self.look().snapshot)

    # --- what must hold after each step -------------------------------------------------------------------------------

    @invariant()
    def every_promise_holds(self) -> None:
        """Asked again only when the clock was moved or anything was written: else every answer is the one before."""
        if not hasattr(self, "log"):
            return
        now = (self.source.now, *writes())
        if now != self.seen:
            seen = self.look()
            for promise in PROMISES:
                promise(seen)
            self.seen = now
