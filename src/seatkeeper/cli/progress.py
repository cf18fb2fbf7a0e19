"""How far a run is: bars on a terminal, a line every few pages otherwise."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seatkeeper.cli.screen import say

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from seatkeeper.store.models import Run
    from seatkeeper.sync.work import Tally

LINE_EVERY = 2.0  # seconds


class LineProgress:
    """For logs and pipes."""

    def __init__(self) -> None:
        self.next_line = time.monotonic() + LINE_EVERY

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def tell(self, run: Run, tally: Tally, share: float | None, words: str) -> None:
        if time.monotonic() < self.next_line:
            return
        self.next_line = time.monotonic() + LINE_EVERY
        done = f" ({share:.0%})" if share else ""
        more = f". {run.message}" if run.message else ""
        say(f"{words}: {tally.rows:,} rows in {run.requests:,} requests{done}{_throttled(run)}{more}")


class BarProgress:
    """For people: a bar a task with rows, requests, the time gone and the time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.bars: RichProgress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[rows]:>9,} rows  {task.fields[requests]:>5,} requests{task.fields[slow]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.shown: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self.shown.values():
            self.bars.update(bar, total=1.0, completed=1.0)
        self.bars.stop()

    def tell(self, run: Run, tally: Tally, share: float | None, words: str) -> None:
        if run.pk not in self.shown:
            self.shown[run.pk] = self.bars.add_task(words, total=None, rows=0, requests=0, slow="")
        self.bars.update(
            self.shown[run.pk],
            total=None if share is None else 1.0,
            completed=share or 0.0,
            rows=tally.rows,
            requests=run.requests,
            slow=_throttled(run),
        )


def _throttled(run: Run) -> str:
    return f", {run.throttled:,} throttled" if run.throttled else ""


def progress() -> BarProgress | LineProgress:
    return BarProgress() if sys.stderr.isatty() else LineProgress()
