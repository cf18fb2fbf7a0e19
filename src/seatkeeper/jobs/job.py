"""What there is to do, and the lanes in which it is done. A driver does it: jobs/threads.py or jobs/postgres.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

# Lanes, each with slots of its own: what is slow in one holds up nothing in another.
SCHEDULED: Final = "scheduled"  # runs that are due
ASKED: Final = "asked"  # runs that somebody waits for
TROUBLED: Final = "troubled"  # runs of tasks that failed last time: they may hang, one at a time
SYSTEM: Final = "system"  # refreshes, notices, housekeeping, customers that join, checks of many tenants

AFTER_TROUBLE: Final = 15.0  # seconds until the next try when the database could not be asked
AHEAD: Final = 64  # jobs that wait in a lane at most: their order is decided late, when they can begin soon


def lanes(slots: int) -> dict[str, int]:
    """The jobs that one process does at once, by lane."""
    return {SCHEDULED: slots, ASKED: slots, TROUBLED: 1, SYSTEM: 4}


def most_connections(slots: int) -> int:
    """To PostgreSQL, of one process: each job, each lane's ear, two that ask, the sweep, signs of life, the pages."""
    return sum(lanes(slots).values()) + len(lanes(slots)) + 6


class Job(NamedTuple):
    """`subject` is the id of what it is about, or 0; of jobs with the same `lock` one is done at a time."""

    name: str
    subject: int
    lane: str
    lock: str

    @property
    def key(self) -> str:
        """The same for the same job: it waits once in its lane, however often it is put."""
        return f"{self.lane} {self.name} {self.subject}"


Perform = Callable[[Job, Callable[[], bool]], None]  # the second tells whether the process is to stop


class Driver(Protocol):
    """Does jobs in their order, in lanes, each lock once. What it forgets is due still, and put again."""

    def put(self, jobs: Iterable[Job]) -> None:
        """Add what does not wait already."""

    def start(self) -> None: ...

    def is_alive(self) -> bool: ...

    def ask_to_stop(self) -> None:
        """Begin nothing more; what is under way is told by its `stop`."""

    def wait(self, seconds: float) -> bool:
        """Whether everything has ended within the time."""
