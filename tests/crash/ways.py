"""Ways to end a run before it has ended by itself."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple, Protocol

import seatkeeper.sync
from tests.crash.children import Child, count_calls, fail_calls, kill_at_call
from tests.crash.designs import Design, How
from tests.crash.world import World

KILLED = -9
# Reading and writing of the database, its journal, the network, and the locks between processes.
CALLS = "pwrite64,fdatasync,fsync,ftruncate,openat,read,write,sendto,recvfrom,fcntl"
ONCE_A_RUN = ("FP:while-retiring", "FP:before-new-generation", "FP:before-checkpoint")  # others come several times


class End(NamedTuple):
    """How a run ended: by us or by itself, with which code, where, and whether that is as it should be."""

    child: Child
    code: int
    by_us: bool
    fine: bool
    where: str = ""


class Way(Protocol):
    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        """Start a run and end it."""


class Timed:
    """SIGKILL at a random moment of the time that such a run takes."""

    def __init__(self, first: float = 0.8, later: float = 0.15) -> None:
        self.takes = {0: first, 1: later}  # seconds, until we know better

    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        child, begin, first = design.start(world), time.monotonic(), min(step, 1)
        child.go()
        code = child.wait(roll.random() * 1.1 * self.takes[first])
        if code is None:
            code = child.kill()
        if code == 0:
            self.takes[first] = max(time.monotonic() - begin, 0.6 * self.takes[first])
        return End(child, code or 0, code == KILLED, code in (0, KILLED), "SIGKILL")


class Calls:
    """SIGKILL at the entry of the n-th system call of a kind; how many there are is counted first."""

    def __init__(self) -> None:
        self.counts: dict[int, list[tuple[str, int]]] = {}

    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        first = min(step, 1)
        child = design.start(world)
        if first not in self.counts:
            code, counts = count_calls(child, CALLS, design.folder / "calls")
            self.counts[first] = sorted(counts.items())
            return End(child, code, by_us=False, fine=code == 0)
        # Each kind as often as the others: there are far more reads than syncs of the disk, and these matter more.
        call, most = roll.choice(self.counts[first])
        code = kill_at_call(child, call, roll.randint(1, most))
        return End(child, code, code == KILLED, code in (0, KILLED), call)


class Failpoints:
    """SIGKILL at a named place, the n-th time the run comes there."""

    def __init__(self, *names: str) -> None:
        self.hits = Counter(dict.fromkeys(names or failpoints(), 0))

    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        name = min(sorted(self.hits), key=self.hits.__getitem__)
        self.hits[name] += 1
        nth = 1 if name in ONCE_A_RUN else roll.randint(1, 2 if step else 3)
        child = design.start(world, How(failpoint=f"{name}@{nth}=kill"))
        child.go()
        code = child.finish()
        return End(child, code, code == KILLED, code in (0, KILLED), name)


class Polite:
    """SIGTERM at a random moment: the run ends at the next page, within ten seconds, with exit code 5."""

    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        child = design.start(world, How(failpoint=f"FP:after-page@{roll.randint(1, 3 if step else 8)}=term"))
        child.go()
        begin = time.monotonic()
        code = child.finish()
        quick = time.monotonic() - begin < 10
        return End(child, code, code == 5, code in (0, 5) and quick, "SIGTERM")


class FullDisk:
    """From the n-th write, sync or cut of a file on, all of them fail; or no file may grow beyond a limit."""

    CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate")

    def __init__(self) -> None:
        self.counts: dict[int, dict[str, int]] = {}

    def end(self, design: Design, world: World, roll: random.Random, step: int) -> End:
        first = min(step, 1)
        if first not in self.counts:
            child = design.start(world)
            code, self.counts[first] = count_calls(child, ",".join(self.CALLS), design.folder / "calls")
            return End(child, code, by_us=False, fine=code == 0)
        if roll.random() < 0.2:
            return self._limited(design, world, roll)
        call = roll.choice(sorted(self.counts[first]))
        error = roll.choice(("ENOSPC", "EIO"))
        child = design.start(world)
        code = fail_calls(child, call, roll.randint(1, self.counts[first][call]), error)
        return End(child, code, code in (2, 4), code in (0, 2, 4), f"{error} {call}")

    def _limited(self, design: Design, world: World, roll: random.Random) -> End:
        size = (design.folder / "seatkeeper.sqlite3").stat().st_size
        child = design.start(world, How(largest_file=max(8192, int(size * roll.uniform(0.5, 1.05)))))
        child.go()
        code = child.finish()
        return End(child, code, code in (2, 4), code in (0, 2, 4), "EFBIG (RLIMIT_FSIZE)")


def failpoints() -> tuple[str, ...]:
    """Every failpoint that stands in the code of the runs."""
    folder = Path(seatkeeper.sync.__path__[0])
    found = {name for path in folder.glob("*.py") for name in re.findall(r'reach\("(FP:[a-z-]+)"\)', path.read_text())}
    return tuple(sorted(found))
