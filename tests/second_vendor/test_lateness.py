"""How late a sign-in may become visible is what its vendor declares, and Microsoft's day holds for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from seatkeeper.clock import days, seconds
from seatkeeper.connectors import catalog
from seatkeeper.connectors.feasibility import SignInLog
from seatkeeper.connectors.products import ProductData, SignInApp
from seatkeeper.model import Grade
from seatkeeper.spans import Span
from seatkeeper.store.models import Application, Coverage, Run
from seatkeeper.sync.coverage import coverage_of, number_of
from tests.second_vendor import CANVAS, DATA, PAPER
from tests.second_vendor.test_everywhere import browser, canvas  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("database")

HOUR = seconds(3600)
WATCHED = msgspec.structs.replace(CANVAS, apps=(SignInApp("easel", "Easel", Grade.DIRECT, "sign-in"),))
LOG = SignInLog("Paper", retention=days(90), at_least=days(90), lateness=HOUR, requests=1, window=HOUR, page=10)
WITH_LOG = replace(PAPER, log=LOG, products=lambda: ProductData(DATA.date, DATA.source, (WATCHED,)))


@pytest.fixture
def logged(canvas: Application) -> Iterator[Application]:  # noqa: F811
    """The same vendor, with a log of sign-ins that are never more than an hour late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalog.VENDORS, PAPER.key, WITH_LOG)
        yield canvas


@pytest.mark.parametrize(("late", "lateness"), [(0, HOUR), (HOUR * 4, HOUR * 5)])
def test_sign_ins_are_proven_up_to_the_reading_less_what_their_vendor_declares(
    logged: Application, late: int, lateness: int
) -> None:
    now = days(20_000)
    Coverage.objects.create(
        connection=logged.connection,
        asked_id=number_of(WATCHED.watched),
        run=Run.objects.get(),
        start=now - days(10),
        end=now,
        read_at=now,
        longest_late=late,
    )
    found = coverage_of(logged, now)
    assert found.lateness == lateness
    assert list(found.proven) == [Span(now - days(10), now - lateness)]
