"""Speaks for the tenant, and spoils some of its answers."""

from __future__ import annotations

import random

from tests.hostile.poison import NEXT, Good, Poison
from tests.hostile.wire import Question, Raw, whole
from tests.property.source import SMALLER, Source, call

LISTS = {
    "/v1.0/users": "roster, everybody",
    "/v1.0/users/delta": "roster, changes",
    "/v1.0/auditLogs/signIns": "sign-ins",
}


class Spoiler:
    """Speaks for the tenant; spoils the n-th answer of a list in a run, or each from there on."""

    def __init__(self, source: Source, r: random.Random) -> None:
        self.source, self.r = source, r
        self.arm(None, (), 0)

    def arm(self, change: Poison | None, paths: tuple[str, ...], place: int, *, forever: bool = False) -> None:
        self.change, self.paths, self.place, self.forever = change, paths, place, forever
        self.done = self.served = self.singles = 0
        self.last = ""
        self.before: list[bytes] = []
        self.links: list[str] = []
        self.alone: Poison | None = None  # for answers about a single person

    def __call__(self, question: Question) -> Raw:
        status, headers, body = self._ask(question)
        first = "skiptoken" not in question.target  # of a list: windows of sign-ins are lists of their own
        before, links = ([], []) if first else (self.before, self.links)
        good = Good(status, headers, body, question.target.partition("?")[0], before, links)
        raw = self._spoil(good) if status == 200 and "latest" not in question.target else None
        if status == 200 and good.path in self.paths:
            if first:
                self.before.clear()
                self.links.clear()
            self.before.append(body)
            self.links += [good.shape[NEXT]] if NEXT in good.shape else []
        return raw or Raw(whole(status, [*headers], body))

    def _spoil(self, good: Good) -> Raw | None:
        if self.alone is not None and good.path.startswith("/v1.0/users/") and good.path not in LISTS:
            self.singles += 1
            return self.alone(self.r, good)
        if self.change is None or good.path not in self.paths:
            return None
        self.served += 1
        if self.served <= self.place or (self.done and not self.forever):
            return None
        raw = self.change(self.r, good)
        if raw is not None:
            self.done, self.last = self.done + 1, good.path
        return raw

    def _ask(self, question: Question) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        path, _, query = question.target.partition("?")
        for large, small in SMALLER:
            query = query.replace(large.decode(), small.decode())
        fields = {**question.headers, "prefer": "odata.maxpagesize=7"}
        fields.pop("accept-encoding", None)
        scope = {
            "type": "http", "method": question.method, "scheme": "https", "path": path,
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
        }  # fmt: skip
        return call(self.source.app, scope, question.body)
