"""What one run works with, and how it reports while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from seatkeeper.clock import Clock
from seatkeeper.connectors.base import Connector, RecordPage, Spent, TaskKind
from seatkeeper.errors import Interrupted
from seatkeeper.model import RunStatus
from seatkeeper.store.models import Run, Task


@dataclass(slots=True)
class Tally:
    """What a run counted; the store keeps the same names as columns of Run."""

    pages: int = 0
    rows: int = 0
    kept: int = 0
    quarantined: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0

    def add(self, other: Tally) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


class Progress(Protocol):
    """Where a run tells how far it is; `share` is what is done of the whole, 0 to 1, or None if unknown."""

    def tell(self, run: Run, tally: Tally, share: float | None, words: str) -> None: ...


@dataclass(slots=True)
class Work:
    """One task of one connection, ready to run."""

    task: Task
    kind: TaskKind
    connector: Connector
    clock: Clock
    progress: Progress
    full: bool = False
    stop: Callable[[], bool] = lambda: False
    asked_by: str = ""
    after: int | None = None  # the fence when the run was decided on, where nobody may have run the task since
    run: Run = field(default_factory=Run)
    notes: list[str] = field(default_factory=list)
    fence: int = 0
    spent_before: Spent = field(init=False)

    def __post_init__(self) -> None:
        self.spent_before = self.connector.spent()

    def note(self, sentence: str) -> None:
        """Add to what an administrator is told of a run that came to its end."""
        self.notes.append(sentence)

    def check_stop(self) -> None:
        """Raise Interrupted at a page boundary after someone asked to stop."""
        if self.stop():
            raise Interrupted("stopped on request; what was read so far is saved, and the next run goes on from there")


class CompleteRead:
    """Proof that a read came to its end: only the run loop makes one, and only with one is anybody retired."""

    def __init__(self, work: Work) -> None:
        self.work = work


class Reading(Protocol):
    """How one kind of task reads, saves and finishes."""

    def __init__(self, work: Work) -> None: ...

    def pages(self) -> Iterator[RecordPage[Any]]: ...

    def save(self, page: RecordPage[Any]) -> Tally:
        """Inside the transaction of the page: rows and checkpoint."""

    def share(self) -> float | None:
        """How much of the whole is done, 0 to 1."""

    def outlook(self) -> str:
        """What is still to come, in a sentence; empty when there is nothing to say."""

    def finish(self, read: CompleteRead) -> RunStatus:
        """Inside a transaction: publish what was read. COMPLETE, or HELD for confirmation."""
