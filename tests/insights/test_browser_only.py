"""A suite whose desktop apps are not seen in use: possible only, where a row of the report says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.base import Finding, Holder, Seat, Sku
from seatkeeper.insights.facts import Desktop, Facts, Used
from seatkeeper.insights.findings import browser_only
from seatkeeper.model import Certainty
from tests.insights.test_activity import NOW, holder, snapshot

E3 = Sku(b"3" * 16, "SPE_E3", "Microsoft 365 E3", None, frozenset({"exchange", "apps"}))
E1 = Sku(b"1" * 16, "STANDARDPACK", "Office 365 E1", None, frozenset({"exchange"}))
UNTIL = NOW - days(3)
UNA = Facts(used=Used(frozenset({"web"}), UNTIL))


def una(facts: Facts = UNA, held: int = 100) -> Holder:
    seats = tuple(Seat(sku, "seat", NOW - days(held), "", "direct", "Active", "") for sku in (E1, E3))
    return replace(holder(400), seats=seats, facts=facts)


def used(*platforms: str, until: int | None = UNTIL) -> Facts:
    return Facts(used=Used(frozenset(platforms), until))


def find(one: Holder) -> list[Finding]:
    return list(browser_only.INSIGHT.find(snapshot(None, one)))


@pytest.mark.parametrize("facts", [UNA, used("web", "mobile"), UNA._replace(desktop=Desktop(False, UNTIL))])
def test_whoever_is_seen_in_the_browser_and_on_no_computer_is_named_with_what_would_be_lost(facts: Facts) -> None:
    (found,) = find(una(facts))
    assert (found.key, found.part_numbers, found.certainty) == ("browser-only", ("SPE_E3",), Certainty.POSSIBLE)
    for lost in ("the desktop apps", "a larger mailbox with its archive", "security and compliance"):
        assert lost in found.advice


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),  # no row tells of them
        used(),
        used("mobile"),
        used("web", "windows"),
        used("mac", "web"),
        used("web", until=NOW - days(31)),
        used("web", until=None),
        UNA._replace(desktop=Desktop(True, UNTIL)),
    ],
)
def test_without_a_row_that_says_so_nothing_is_said(facts: Facts) -> None:
    assert not find(una(facts))


def test_a_new_seat_is_not_judged() -> None:
    assert not find(una(held=29))
    assert find(una(held=30))


def test_it_ends_by_a_use_on_a_computer_and_waits_where_nobody_tells() -> None:
    end = browser_only.INSIGHT.end
    assert end(una(used("web", "mac")), snapshot(None), None).why == "used on a computer after all"
    assert end(una(), snapshot(None), None).over
    assert not end(una(Facts()), snapshot(None), None).over
