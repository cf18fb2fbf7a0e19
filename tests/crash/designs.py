"""What is put to the test: a way to read sign-ins and people and to keep them, ours or a wrong one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.crash.children import Child
from tests.crash.world import World


@dataclass
class Verdict:
    """What is wrong after a run that called itself complete."""

    lost: int = 0
    duplicated: int = 0
    corrupt: int = 0
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """True when something is wrong."""
        return bool(self.lost or self.duplicated or self.corrupt or self.wrong)

    def add(self, other: Verdict) -> None:
        self.lost += other.lost
        self.duplicated += other.duplicated
        self.corrupt += other.corrupt
        self.wrong += other.wrong

    def compare(self, what: str, kept: Iterable[object], true: Iterable[object]) -> None:
        """Rows that are kept against rows that are true."""
        ours, theirs = Counter(kept), set(true)
        lost, invented = theirs - ours.keys(), ours.keys() - theirs
        self.lost += len(lost)
        self.duplicated += sum(ours.values()) - len(ours)
        self.wrong += [f"{what}: {row} is missing" for row in sorted(map(str, lost))[:3]]
        self.wrong += [f"{what}: {row} is not true" for row in sorted(map(str, invented))[:3]]


@dataclass(frozen=True, slots=True)
class How:
    """What is special in a run.

    A failpoint, one task only, a lease of so many seconds, a limit on files in bytes, a file to which a byte is
    written after each commit, a PRAGMA that makes SQLite less careful than ours is, and so many seconds after which
    PostgreSQL ends whoever sleeps inside a transaction.
    """

    failpoint: str = ""
    task: str = ""
    lease: float | None = None
    largest_file: int = 0
    told: Path | None = None
    pragma: str = ""
    idle: float | None = None


class Design(Protocol):
    """One installation: its own database, in its own folder."""

    name: str
    folder: Path

    def prepare(self, world: World) -> None:
        """Before the first run: the application is added."""

    def start(self, world: World, how: How = How()) -> Child:
        """A run in a process of its own, not let go yet."""

    def peek(self) -> Verdict:
        """Right after a kill, before anything else has run: what a reader sees."""

    def judge(self, world: World) -> Verdict:
        """After a run that ended as complete."""
