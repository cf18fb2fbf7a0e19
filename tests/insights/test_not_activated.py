"""A plan for the desktop software that is activated nowhere: possible only, where a row of the report says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Holder, Reported, Seat, Sighting, Sku
from seatkeeper.insights.facts import Desktop, Facts
from seatkeeper.insights.findings import not_activated
from seatkeeper.model import Certainty
from tests.insights.test_activity import NOW, holder, snapshot

TWO = Sku(b"2" * 16, "VISIOCLIENT", "Visio Plan 2", 2, frozenset({"desktop", "web"}))
ONE = Sku(b"1" * 16, "VISIOONLINE_PLAN1", "Visio Plan 1", 1, frozenset({"web"}))
THREE = Sku(b"3" * 16, "PROJECTPROFESSIONAL", "Plan 3", 3, frozenset({"desktop", "web", "online", "essentials"}))
VIC = Desktop(activated=False, until=NOW - days(3))


def vic(desktop: Desktop | None = VIC, *skus: Sku, held: int = 100, reported: Reported | None = None) -> Holder:
    seats = tuple(Seat(sku, "seat", NOW - days(held), "", "direct", "Active", "") for sku in skus or (TWO,))
    told = (Sighting("report", reported.last, True, reported.until, reported=reported),) if reported else ()
    return replace(holder(400), seats=seats, signals=told, facts=Facts(desktop=desktop))


def find(one: Holder) -> list[Finding]:
    return list(not_activated.INSIGHT.find(snapshot(None, one)))


def test_where_a_row_says_that_it_is_on_no_computer_the_plan_for_the_web_may_do() -> None:
    (found,) = find(vic(VIC, ONE, TWO))
    assert (found.key, found.part_numbers, found.certainty) == ("not-activated", ("VISIOCLIENT",), Certainty.POSSIBLE)
    assert "The desktop software would be lost" in found.advice
    assert "ask first" in found.advice.lower()


@pytest.mark.parametrize(
    "desktop", [None, VIC._replace(activated=True), VIC._replace(until=NOW - days(31)), VIC._replace(until=None)]
)
def test_without_such_a_row_of_late_nothing_is_said(desktop: Desktop | None) -> None:
    assert not find(vic(desktop))


def test_of_a_plan_that_adds_more_than_the_desktop_software_nothing_is_said() -> None:
    assert not find(vic(VIC, THREE))


def test_a_new_seat_is_not_judged() -> None:
    assert not find(vic(held=29))
    assert find(vic(held=30))


def test_a_report_of_use_that_was_uploaded_of_late_says_more() -> None:
    told = Reported(NOW - days(4), 0, 1, other=False, period=days(30), until=NOW - days(30))
    assert not find(vic(reported=told))
    assert find(vic(reported=told._replace(until=NOW - days(31))))


def test_it_ends_by_an_activation_and_waits_where_nobody_tells() -> None:
    end = not_activated.INSIGHT.end
    assert end(vic(VIC._replace(activated=True)), snapshot(None), None).why == "activated after all"
    assert end(vic(), snapshot(None), None).over
    assert not end(vic(None), snapshot(None), None).over
