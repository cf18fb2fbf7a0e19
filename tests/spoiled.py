"""Rows of the pretend tenant with values of our choice: whatever JSON can say, Microsoft may send."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from seatkeeper.sandbox.graph import routes
from seatkeeper.sandbox.graph.request import Answer

Row = dict[str, Any]
Handler = Callable[..., Answer]


@contextmanager
def answering(path: str, change: Callable[[Handler], Handler]) -> Iterator[None]:
    """While it lasts, the address is answered by what `change` makes of its handler."""
    with mock.patch.dict(routes._EXACT, {path: change(routes._EXACT[path])}):
        yield


@contextmanager
def spoiled(change: Callable[[Row], object], *paths: str) -> Iterator[None]:
    """While it lasts, each row of these lists is sent as `change` leaves it. Half a surrogate pair is sent as such."""

    def spoil(handler: Callable[..., Answer]) -> Callable[..., Answer]:
        def answer(*asked: Any) -> Answer:
            found = handler(*asked)
            shape = json.loads(found.body)
            for row in shape["value"]:
                change(row)
            return replace(found, body=json.dumps(shape, separators=(",", ":")).encode())

        return answer

    with mock.patch.dict(routes._EXACT, {path: spoil(routes._EXACT[path]) for path in paths}):
        yield
