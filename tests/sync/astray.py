"""Next links that lead elsewhere, for every list that is read page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seatkeeper.sandbox.graph import answers, lists
from seatkeeper.sandbox.graph.request import Answer
from seatkeeper.sandbox.serve import Sandbox

Elsewhere = Callable[[str, str, str], str]  # of a link, the address of the twin, and the sandbox's own


def lead_astray(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, elsewhere: Elsewhere) -> None:
    serve = lists.serve

    def astray(*given: Any) -> Answer:
        found = serve(*given)
        shape = answers.decode(found.body)
        shape["@odata.nextLink"] = elsewhere(shape["@odata.nextLink"], sandbox.twin_url, sandbox.graph_url)
        return replace(found, body=answers.encode(shape))

    monkeypatch.setattr(lists, "serve", astray)
