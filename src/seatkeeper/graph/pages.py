"""A whole list, page by page. A read finishes or raises: what it has not read to the end, nobody may call
complete.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Final, Generic, TypeVar

import msgspec

from seatkeeper.errors import BrokenAnswer, NotUnderstood, Unavailable
from seatkeeper.graph.client import Client
from seatkeeper.graph.ids import Id
from seatkeeper.graph.retry import Again
from seatkeeper.graph.rows import Int32, Rows, Unreadable, to_row, to_rows, to_storable
from seatkeeper.graph.throttle import SHARED
from seatkeeper.model import BadRow

__all__ = ["Budget", "Id", "Int32", "Page", "Rows", "read_one", "read_pages", "to_row", "to_rows", "to_storable"]

T = TypeVar("T")
_Fetch = Callable[[str], Callable[[], tuple[Rows[T], int]]]  # begins to fetch a page; what it returns waits for it

_READ_TRIES: Final = 3  # for JSON that ends in the middle though its length is right (microsoft-graph-docs #7577)
_SAME_PAGES: Final = 10  # equal pages in a row: a list that stands still, however its links change


class Budget(msgspec.Struct, frozen=True):
    """Where an endless list ends: 20,000 pages of 999 are 20 million rows."""

    pages: int = 20_000
    seconds: float = 12 * 3600.0


@dataclass(slots=True)
class Page(Generic[T]):
    """One answer: `link` leads to the next page and is checked; None, and this is the last one.

    `delta` is where the changes after this read will be; `size` is bytes, unpacked; `number` counts from 1.
    """

    rows: list[T]
    bad: list[BadRow]
    link: str | None
    delta: str | None
    size: int
    number: int


@dataclass(slots=True)
class _Read(Generic[T]):
    """What stays the same from page to page."""

    client: Client
    path: str
    row: type[T]
    family: str
    units: int
    single: bool = False  # an answer is one row, not a list of them

    def fetch(self, link: str) -> tuple[Rows[T], int]:
        """One answer, decoded; asked for again when it is damaged."""

        def attempt() -> tuple[Rows[T], int]:
            answer = self.client.get(link, path=self.path, family=self.family, units=self.units)
            try:
                body = b'{"value":[%b]}' % answer.body if self.single else answer.body
                return to_rows(body, self.row), len(answer.body)
            except Unreadable as error:
                raise Again(error, tries=_READ_TRIES) from None

        return self.client.retry.run(attempt, self.client.note_pause)


def read_one(client: Client, asked: str, *, path: str, row: type[T], family: str, units: int) -> T:
    """A single object. Raises what `Client.get` raises, and NotUnderstood for an answer that is no such row."""
    (rows, bad, _next, _delta), _size = _Read(client, path, row, family, units, single=True).fetch(asked)
    if len(rows) != 1 or bad:
        raise NotUnderstood("Microsoft's answer for a single object is not one that we understand.")
    return rows[0]


def read_pages(
    client: Client,
    start: str,
    *,
    path: str,
    row: type[T],
    family: str,
    units: int,
    wants_delta: bool = False,
    budget: Budget = Budget(),  # noqa: B008 - it is frozen
) -> Iterator[Page[T]]:
    """All pages from `start` on, which is a path of ours or a link of the vendor's that was kept.

    Only a missing `@odata.nextLink` (or null) ends a list, and only a `@odata.deltaLink` ends a list of
    changes; an empty page ends nothing. Raises what `Client.get` raises; BrokenAnswer for links that
    contradict each other or lead in a circle and for too many pages; UntrustedLink; Unavailable when the time
    is used up.
    """
    with _fetching(_Read(client, path, row, family, units)) as fetch:
        ends = time.monotonic() + budget.seconds
        way = _Way[T](start)
        answer = fetch(start)
        # An empty page can have a next link: only its absence ends a list (Graph docs, concepts/paging).
        for number in range(1, budget.pages + 1):
            if time.monotonic() > ends:
                raise Unavailable("The list was not read to its end in the time it may take. The next run tries again.")
            found, size = answer()
            following, delta = _to_links(found, wants_delta=wants_delta)
            for one in (following, delta):
                if one is not None:
                    client.origin.check(one, path)
            if following is not None:
                way.go_on(following, found.rows)
                if number < budget.pages:
                    answer = fetch(following)
            yield Page(found.rows, found.bad, following, delta, size, number)
            if following is None:
                return
        raise BrokenAnswer(f"Microsoft's list did not end within {budget.pages} pages.")


@contextmanager
def _fetching(read: _Read[T]) -> Iterator[_Fetch[T]]:
    """How pages are fetched: the next page of a directory while this one is being saved, in a thread of its own.

    Not so for reports: their limit is what takes the time, and their pacer shares a database, which stays in the
    caller's thread.
    """
    if read.family in SHARED:
        yield lambda link: partial(read.fetch, link)
        return
    ahead = ThreadPool(1)  # of a daemon thread: a request that hangs does not keep a stopped process alive
    try:
        yield lambda link: ahead.apply_async(read.fetch, (link,)).get
    finally:
        ahead.terminate()


class _Way(Generic[T]):
    """Where a read has been, so that a list that leads nowhere is noticed long before its budget is used up."""

    def __init__(self, start: str) -> None:
        self._seen = {_digest(start)}
        self._rows: list[T] = []
        self._equal = 0

    def go_on(self, link: str, rows: list[T]) -> None:
        """Raises BrokenAnswer for a link that was followed before, and for the same rows again and again."""
        mark = _digest(link)
        if mark in self._seen:
            raise BrokenAnswer("Microsoft's list leads in a circle: a page points back to an earlier one.")
        self._seen.add(mark)
        self._equal = self._equal + 1 if rows and rows == self._rows else 1
        self._rows = rows
        if self._equal >= _SAME_PAGES:
            raise BrokenAnswer("Microsoft's list leads in a circle: its pages hold the same rows again and again.")


def _to_links(found: Rows[T], *, wants_delta: bool) -> tuple[str | None, str | None]:
    """The next page and the changes link, when they make sense together."""
    following = None if found.next_link is msgspec.UNSET else found.next_link
    delta = None if found.delta_link is msgspec.UNSET else found.delta_link
    if following == "" or delta == "":
        raise BrokenAnswer("Microsoft's answer has an empty address for its next page.")
    if not wants_delta:
        return following, None
    if following is None and delta is None:
        raise BrokenAnswer("Microsoft's list of changes stops without saying that it is finished.")
    if following is not None and delta is not None:
        raise BrokenAnswer("Microsoft's list of changes says both that it goes on and that it is finished.")
    return following, delta


def _digest(link: str) -> bytes:
    return hashlib.blake2b(link.encode("utf-8", "surrogatepass"), digest_size=16).digest()
