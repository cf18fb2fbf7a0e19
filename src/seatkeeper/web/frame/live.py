"""Parts of pages that the server keeps up to date: server-sent events with the part's new HTML.

A stream holds one of the server's threads, so it is short (the browser comes back by itself), there are few, and a
member has only some of them.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Self

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from seatkeeper.services.members import Who

MOST_STREAMS: Final = 8
MOST_OF_ONE: Final = 4
LIFE: Final = 25.0  # seconds
LOOK_EVERY: Final = 0.5
SIGN_EVERY: Final = 5.0  # a comment, so that a browser that has gone is noticed

closing: Final = threading.Event()  # the server ends: every stream ends with it

_open: Final = Counter[int | None]()  # streams by member
_lock: Final = threading.Lock()


class Part(NamedTuple):
    """How the part looks now, and whether it will change no more."""

    html: str
    ended: bool


def stream(who: Who, look: Callable[[], Part]) -> HttpResponseBase:
    """Events as long as `look` finds something new; 503 when there is no place: the page stays as it is."""
    with _lock:
        if _open[who.member_id] >= MOST_OF_ONE or _open.total() >= MOST_STREAMS:
            return HttpResponse("Too many pages are being updated.", status=503, headers={"Retry-After": "10"})
        _open[who.member_id] += 1
    answer = StreamingHttpResponse(_Events(who, look), content_type="text/event-stream")
    answer["X-Accel-Buffering"] = "no"  # a proxy that gathers the answer would make it a late one
    return answer


class _Events:
    """The body of the answer. It is closed whether or not anybody has read it, and gives its place back once."""

    def __init__(self, who: Who, look: Callable[[], Part]) -> None:
        self.member_id = who.member_id
        self.events = _to_events(look)
        self.open = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        return next(self.events)

    def close(self) -> None:
        if self.open:
            self.open = False
            with _lock:
                _open[self.member_id] -= 1
                if not _open[self.member_id]:
                    del _open[self.member_id]


def _to_events(look: Callable[[], Part]) -> Iterator[str]:
    yield "retry: 1000\n\n"
    end, signed, shown = time.monotonic() + LIFE, time.monotonic(), ""
    while time.monotonic() < end:
        part = look()
        if part.html != shown:
            shown, signed = part.html, time.monotonic()
            yield event("part", part.html)
        if part.ended:
            yield event("end")
            return
        if time.monotonic() - signed > SIGN_EVERY:
            signed = time.monotonic()
            yield ": still here\n\n"
        if closing.wait(LOOK_EVERY):
            return


def event(name: str, text: str = "") -> str:
    """One event; every line of its text is a line of data."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
