"""Readers that are known to be wrong: each must be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seatkeeper.connectors.microsoft import access, roster
from seatkeeper.errors import BrokenAnswer, Unavailable
from seatkeeper.graph.client import Client
from seatkeeper.graph.pages import Page, read_pages
from seatkeeper.sync import missing, retire
from tests.hostile.poison import POISONS, SILENT


def _end_at_a_broken_page(patch: pytest.MonkeyPatch) -> None:
    """What is often written: show what could be read."""

    def read(*asked: Any, **how: Any) -> Iterator[Page[Any]]:
        try:
            yield from read_pages(*asked, **how)
        except (BrokenAnswer, Unavailable):
            yield Page([], [], None, None, 0, 1)

    patch.setattr(roster, "read_pages", read)
    patch.setattr(access, "read_pages", read)


def _retire_who_is_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retire, "allowed_loss", lambda total, share=0: total)
    patch.setattr(missing, "ask", lambda *_: iter(()))


def _take_any_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Client, "_check_echo", lambda *_: None)


# Each with the answers that show it.
MUTANTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], list[str]]] = {
    "a broken page ends the list": (_end_at_a_broken_page, [*POISONS]),
    "who is missing is gone": (_retire_who_is_missing, [*SILENT]),
    "an answer is never late": (_take_any_answer, ["sent twice"]),
}
