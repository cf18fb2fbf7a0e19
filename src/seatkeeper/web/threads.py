"""Waitress's threads, shared out among callers."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING

from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from seatkeeper.web.channels import Channel


class Threads(ThreadedTaskDispatcher):  # type: ignore[misc]
    """No caller has all of them."""

    def __init__(self, requests_of_one: int) -> None:
        super().__init__()
        self.requests_of_one = requests_of_one
        self.busy: Counter[str] = Counter()
        self.waiting: defaultdict[str, deque[Channel]] = defaultdict(deque)
        self.gate = threading.Lock()

    def add_task(self, task: Channel) -> None:
        with self.gate:
            if self.busy[task.caller] >= self.requests_of_one:
                self.waiting[task.caller].append(task)
                return
            self.busy[task.caller] += 1
        super().add_task(task)

    def done(self, caller: str) -> None:
        with self.gate:
            following = self.waiting[caller].popleft() if self.waiting[caller] else None
            if following is None:
                self.busy -= Counter([caller])
                del self.waiting[caller]
        if following is not None:
            super().add_task(following)

    def forget(self, task: Channel) -> None:
        with self.gate:
            if task in self.waiting.get(task.caller, ()):
                self.waiting[task.caller].remove(task)
