"""Months of a scheduler in seconds: its own arithmetic over a clock that jumps and processes that die and freeze.

What is simulated is the database and the time; when a task is due, whose turn it is, and what a stored moment is worth
is decided by `seatkeeper.jobs.schedule` and `seatkeeper.jobs.queue`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from seatkeeper.clock import days, hours, seconds
from seatkeeper.jobs.queue import Waiting
from seatkeeper.jobs.schedule import in_turn, is_done
from seatkeeper.model import Instant, RunStatus
from seatkeeper.store.leases import LONGEST

EPOCH: Final = days(20_000)
TICK: Final = seconds(600)  # between two looks when nothing happens
SLOTS: Final = 2
LEASE: Final = seconds(LONGEST)
FOREVER: Final = days(1_000_000)


@dataclass
class Task:
    id: int
    tenant: int
    rank: int
    every: int
    length: Instant
    remaining: Instant = 0
    failures: int = 0
    due: Instant | None = None
    status: str | None = None
    started: Instant | None = None
    ended: Instant | None = None
    fence: int = 0
    lease_until: Instant | None = None  # in true time, which is the database's; FOREVER while it is renewed
    begun: Instant = EPOCH  # in true time: the last run that came to its end, and the one under way
    beginning: Instant | None = None

    def __post_init__(self) -> None:
        self.interval = hours(self.every)


@dataclass
class Job:
    task: Task
    fence: int
    since: Instant  # when it last went on, in true time


@dataclass
class Process:
    down_until: Instant = 0
    frozen_until: Instant = 0
    jobs: list[Job] = field(default_factory=list)


@dataclass
class Figures:
    runs: int = 0
    jumps: int = 0
    deaths: int = 0
    freezes: int = 0
    twice: int = 0  # a task begun while a living process was at it
    worst: float = 0.0  # from the beginning of a task's run to that of the next, in its interval
    worst_over_a_jump: float = 0.0
    least: int = 0  # runs of the task that had fewest, of what its interval asks for, in percent


class Simulation:
    def __init__(self, seed: int, tenants: int, processes: int) -> None:
        self.random = random.Random(seed)
        self.now, self.offset, self.right_again = EPOCH, 0, 0  # true time, and what the clocks add to it
        self.jumped_at = EPOCH - days(1)
        self.processes = [Process() for _ in range(processes)]
        self.tasks = [task for tenant in range(tenants) for task in self._make_tasks(tenant)]
        self.served: dict[int, Instant] = {}
        self.counts: dict[int, int] = {}
        self.figures = Figures()
        self.calm = False  # no mishaps

    def _make_tasks(self, tenant: int) -> list[Task]:
        every = self.random.choice((4, 12, 24, 24, 24, 168))
        if tenant < 2:  # whose reading lasts nearly as long as its interval
            return [Task(tenant * 4, tenant, 0, 24, hours(20))]
        length = seconds(min(self.random.lognormvariate(5.0, 1.0), 3600))
        return [Task(tenant * 4 + rank, tenant, rank, every, length) for rank in range(self.random.randint(1, 3))]

    @property
    def clock(self) -> Instant:
        return self.now + self.offset

    def run(self, length: int) -> Figures:
        end = EPOCH + days(length)
        while self.now < end:
            ends = [job.since + job.task.remaining for p in self.processes for job in p.jobs if not self._halted(p)]
            before, self.now = self.now, min([self.now + TICK, *(at for at in ends if at > self.now)])
            if not self.calm:
                self._mishaps((self.now - before) / TICK)
            for process in self.processes:
                if not self._halted(process):
                    self._work(process)
            for process in self.processes:
                if not self._halted(process):
                    self._look(process)
        asked = [100 * self.counts.get(t.id, 0) * t.every // (24 * length) for t in self.tasks]
        self.figures.least = min(asked)
        return self.figures

    def _halted(self, process: Process) -> bool:
        return self.now < max(process.down_until, process.frozen_until)

    def _mishaps(self, share: float) -> None:
        """What befalls clocks and processes in a share of a tick. One process is always at work: where none is, nothing
        can be in time.
        """
        process = self.random.choice(self.processes)

        def chance() -> float:
            return self.random.random() / max(share, 1e-9)

        if self.offset and self.now >= self.right_again:
            self._jump(0)
        elif chance() < 0.001:  # every week or so
            self._jump(self.random.randint(-days(40), days(40)))
            self.right_again = self.now + self.random.choice((seconds(600), hours(5), days(2)))
        if sum(not self._halted(each) for each in self.processes) == 1 or self._halted(process):
            return
        if chance() < 0.001:
            self.figures.deaths += 1
            for job in process.jobs:
                self._pause(job)
                job.task.lease_until = None if job.task.fence == job.fence else job.task.lease_until
            process.jobs.clear()
            process.down_until = self.now + seconds(self.random.randint(5, 1800))
        elif chance() < 0.001:
            self.figures.freezes += 1
            for job in process.jobs:
                self._pause(job)
                job.task.lease_until = self.now + LEASE if job.task.fence == job.fence else job.task.lease_until
            process.frozen_until = self.now + hours(self.random.uniform(0.1, 10))

    def _jump(self, offset: Instant) -> None:
        self.figures.jumps += 1
        self.offset, self.jumped_at = offset, self.now

    def _pause(self, job: Job) -> None:
        if job.task.fence == job.fence:
            job.task.remaining -= min(self.now - job.since, job.task.remaining)

    def _work(self, process: Process) -> None:
        for job in list(process.jobs):
            task = job.task
            if process.frozen_until and job.since < process.frozen_until:
                job.since = self.now  # awake again
                task.lease_until = FOREVER if task.fence == job.fence else task.lease_until
            if task.fence != job.fence:
                process.jobs.remove(job)  # taken over meanwhile: the page cannot be saved
            elif self.now - job.since >= task.remaining:
                process.jobs.remove(job)
                self._end(task)

    def _end(self, task: Task) -> None:
        failed = self.random.random() < 0.02
        task.status, task.ended = RunStatus.FAILED if failed else RunStatus.COMPLETE, self.clock
        task.failures = task.failures + 1 if failed else 0
        task.due = task.lease_until = None
        assert task.beginning is not None
        gap = (task.beginning - task.begun) / hours(task.every)
        jumped = self.jumped_at >= task.begun - hours(1)
        name = "worst_over_a_jump" if jumped else "worst"
        setattr(self.figures, name, max(getattr(self.figures, name), gap))
        self.counts[task.id] = self.counts.get(task.id, 0) + 1
        task.begun, task.beginning = task.beginning, None
        self.figures.runs += 1

    def _look(self, process: Process) -> None:
        if len(process.jobs) >= SLOTS:
            return
        now = self.clock
        found, waiting, busy = {}, {}, set()
        for task in self.tasks:
            if task.lease_until is not None and task.lease_until >= self.now:
                busy.add(task.tenant)
                continue
            if task.due is None or not now < task.due <= now + task.interval:
                one = self._waiting(task)
                if one.due is None or one.due <= now or one.due != one.wanted_at(now):
                    found[task.id], waiting[task.id] = task, one
        if not found:
            return
        for place in in_turn([one.place(now) for one in waiting.values()], busy, now):
            task, one = found[place.task_id], waiting[place.task_id]
            if one.due is not None and is_done(one.history, one.due, now):
                task.due = None
                continue
            task.due = one.wanted_at(now)
            mine = {job.task.tenant for job in process.jobs}
            if task.due is not None and task.due <= now and len(process.jobs) < SLOTS and task.tenant not in mine:
                self._begin(process, task)

    def _waiting(self, t: Task) -> Waiting:
        return Waiting(
            t.id, t.tenant, t.every, t.failures, t.due, "", t.status, t.started, t.ended, t.fence, t.rank,
            self.served.get(t.tenant),
        )  # fmt: skip

    def _begin(self, process: Process, task: Task) -> None:
        rivals = [j for p in self.processes if not self._halted(p) for j in p.jobs if j.task is task]
        self.figures.twice += sum(rival.fence == task.fence for rival in rivals)
        for rival in rivals:
            self._pause(rival)  # its pages are saved: whoever takes over goes on there
        task.fence += 1
        task.lease_until = FOREVER
        task.status, task.started, task.ended = RunStatus.RUNNING, self.clock, None
        self.served[task.tenant] = self.clock
        if task.beginning is None:
            task.beginning, task.remaining = self.now, task.length
        process.jobs.append(Job(task, task.fence, self.now))


def simulate(seed: int, length: int, tenants: int) -> Figures:
    """With as many processes as have twice the time that the tasks need: no order brings more work into less."""
    return Simulation(seed, tenants, 3 + tenants // 60).run(length)
