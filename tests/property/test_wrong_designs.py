"""The machine bites: designs that are known to be wrong are found by it, each by the first part of what CI draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import Phase

from seatkeeper.connectors.base import RecordPage
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.errors import ReadAgain, SeatkeeperError
from seatkeeper.model import SignIn
from seatkeeper.store import leases
from seatkeeper.sync import missing, retire
from seatkeeper.sync.access import AccessReading
from seatkeeper.sync.roster import RosterReading
from seatkeeper.sync.work import Tally
from tests.property.test_machine import explore, seeded
from tests.thorough import THOROUGH

Wrong = Callable[[pytest.MonkeyPatch], None]


def forget_the_lease(patch: pytest.MonkeyPatch) -> None:
    """Pages are saved by whoever comes, also after a take-over."""
    patch.setattr(leases, "hold", lambda *_: None)


def claim_up_to_now(patch: pytest.MonkeyPatch) -> None:
    """Sign-ins count as complete up to the moment of reading, though some come late."""
    right = AccessReading.save

    def save(reading: AccessReading, page: RecordPage[SignIn]) -> Tally:
        reading.asked_at += LOG.lateness
        tally = right(reading, page)
        reading.asked_at -= LOG.lateness
        return tally

    patch.setattr(AccessReading, "save", save)


def take_half_a_read_for_a_whole(patch: pytest.MonkeyPatch) -> None:
    """An error ends the read of the directory as the last page does, and whoever was not read is retired.

    The guard against large losses would hold such a read, so it is off here.
    """
    right = RosterReading._read

    def read(reading: RosterReading) -> Iterator[Any]:
        try:
            yield from right(reading)
        except ReadAgain:
            raise
        except SeatkeeperError:
            return

    patch.setattr(RosterReading, "_read", read)
    patch.setattr(missing, "ask", lambda *_: ())
    patch.setattr(retire, "too_many_missing", lambda *_: "")


def skip_a_page(patch: pytest.MonkeyPatch) -> None:
    """A page of sign-ins that is not the last of its window is lost."""
    right = AccessReading.save
    patch.setattr(AccessReading, "save", lambda self, page: right(self, page) if page.last else Tally())


QUICKLY_FOUND = [forget_the_lease, skip_a_page]
SLOWLY_FOUND = [claim_up_to_now, take_half_a_read_for_a_whole]  # in three quarters of a minute each
DESIGNS = QUICKLY_FOUND + (SLOWLY_FOUND if THOROUGH else [])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("wrong", DESIGNS)
def test_a_wrong_design_is_found(monkeypatch: pytest.MonkeyPatch, wrong: Wrong) -> None:
    wrong(monkeypatch)
    with pytest.raises(AssertionError):
        explore(seeded(0), 25, phases=(Phase.generate,), report_multiple_bugs=False)
