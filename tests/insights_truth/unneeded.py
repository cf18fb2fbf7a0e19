"""Wrong readings of reports, on purpose: each says of somebody what no report shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from seatkeeper.account_facts import Platform
from seatkeeper.connectors.microsoft import audit_events
from seatkeeper.insights.facts import NOTHING, Desktop, Facts, Used
from seatkeeper.insights.findings import browser_only, shared_mailbox
from seatkeeper.reporting import facts, snapshot


def silence_is_absence(patch: pytest.MonkeyPatch) -> None:
    """Whoever no row tells of activated nothing, and used apps nowhere but in the browser."""
    read = facts.read_facts

    class Silent(dict[Any, Facts]):
        def get(self, key: Any, default: Any = None) -> Any:
            told = super().get(key, NOTHING)
            until = told.used.until if told.used else SILENT_UNTIL
            used = told.used or Used(frozenset({Platform.WEB.value}), until)
            return told._replace(desktop=told.desktop or Desktop(False, until), used=used)

    patch.setattr(snapshot, "read_facts", lambda *given: Silent(read(*given)))


SILENT_UNTIL: Final = 1 << 62  # never too old


def large_is_small(patch: pytest.MonkeyPatch) -> None:
    """No mailbox needs a licence."""
    patch.setattr(shared_mailbox, "_is_free", lambda _mailbox: True)


def all_acts_are_looks(patch: pytest.MonkeyPatch) -> None:
    class All(frozenset[str]):
        def __contains__(self, _operation: object) -> bool:
            return True

    patch.setitem(audit_events._LOOKS, "power-bi", All())


def computers_are_overlooked(patch: pytest.MonkeyPatch) -> None:
    """Whoever uses apps in the browser, too, uses them nowhere else."""
    patch.setattr(browser_only, "ON_A_COMPUTER", frozenset())


MUTANTS: Final[dict[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "silence taken for absence": silence_is_absence,
    "a large mailbox taken for a small one": large_is_small,
    "every act taken for a look": all_acts_are_looks,
    "a use on a computer overlooked": computers_are_overlooked,
}
